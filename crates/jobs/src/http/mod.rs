//! This room's operations.

mod admin_postings;
mod admin_recruiters;
mod alerts;
mod candidates;
mod json_ld;
mod me_jobs;
mod postings;
mod public;
mod recruiter;
mod reports;
mod terms;

pub(crate) use me_jobs::progress;
use unionhall_kernel::{Invalid, division};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    recruiter::routes(config);
    admin_recruiters::routes(config);
    postings::routes(config);
    admin_postings::routes(config);
    public::routes(config);
    reports::routes(config);
    me_jobs::routes(config);
    alerts::routes(config);
    candidates::routes(config);
}

fn division_code(code: &str) -> Result<String, Invalid> {
    division::parse(code).map(|division| division.code.to_owned())
}
