//! This room's operations.

mod admin_consultations;
mod admin_firms;
mod admin_groups;
mod admin_lawyers;
mod admin_shifts;
mod dto;
mod lawyer;
mod lawyer_offers;
mod leaves;
mod me;
mod me_steps;
mod public;
mod rotations;

use unionhall_kernel::{Fields, Invalid, Uscc, division};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin_firms::routes(config);
    admin_groups::routes(config);
    admin_lawyers::routes(config);
    admin_shifts::routes(config);
    admin_consultations::routes(config);
    public::routes(config);
    me::routes(config);
    me_steps::routes(config);
    lawyer::routes(config);
    lawyer_offers::routes(config);
    leaves::routes(config);
    rotations::routes(config);
}

fn division_code(code: &str) -> Result<String, Invalid> {
    division::parse(code).map(|division| division.code.to_owned())
}

// A credit code where one is given; `None` where it is wrong, which the fields then tell.
fn credit_code(fields: &mut Fields, pointer: &str, code: Option<&str>) -> Option<String> {
    let parsed = code.map(Uscc::parse).transpose();
    fields.take(pointer, parsed).flatten().map(|code| code.as_str().to_owned())
}
