//! This room's operations.

mod admin_aid;
mod admin_aid_steps;
mod admin_consultations;
mod admin_firms;
mod admin_groups;
mod admin_lawyers;
mod admin_shifts;
mod aid_dto;
mod dto;
mod lawyer;
mod lawyer_aid;
mod lawyer_offers;
mod leaves;
mod me;
mod me_aid;
mod me_steps;
pub(crate) mod progress;
mod public;
mod rotations;

use unionhall_kernel::{Code, Fields, Invalid, Problem, Uscc, division};
use unionhall_web::{Cadre, RoleName};
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
    me_aid::routes(config);
    lawyer::routes(config);
    lawyer_aid::routes(config);
    admin_aid::routes(config);
    admin_aid_steps::routes(config);
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

// The own-employer shield: below the county a union may be the employer's own, and sees nothing of these.
// Whether they may see what is sensitive, too.
fn may_see<A>(by: &Cadre<A>) -> Result<bool, Problem> {
    match by.role.totp {
        true => Ok(by.role.name == RoleName::LegalOfficer),
        false => Err(Problem::new(Code::WrongLevel)),
    }
}
