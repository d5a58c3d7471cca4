//! This room's operations.

mod admin_postings;
mod admin_recruiters;
mod candidates;
mod json_ld;
mod me_jobs;
mod postings;
mod public;
mod recruiter;
mod reports;
mod terms;

use unionhall_kernel::{Invalid, division, text};
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
    candidates::routes(config);
}

fn division_code(code: &str) -> Result<String, Invalid> {
    division::division(code)
        .map(|d| d.code.to_owned())
        .ok_or(Invalid::new("DIVISION_UNKNOWN", "没有此行政区划代码。"))
}

// What people write over several lines: line breaks stay, other control characters are refused.
fn paragraphs(raw: &str, min: usize, max: usize) -> Result<String, Invalid> {
    let refused = Invalid::new("TEXT_FORMAT", "请按要求的长度填写，不含控制字符。");
    if !text::is_within(raw, min, max) {
        return Err(refused);
    }
    let clean = text::nfc_trimmed(&raw.replace("\r\n", "\n"));
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    match text::is_within(&clean, min.max(1), max) && !clean.chars().any(odd) {
        true => Ok(clean),
        false => Err(refused),
    }
}
