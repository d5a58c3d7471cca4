//! This room's operations.

mod admin_applications;
mod admin_campaigns;
mod admin_codes;
mod admin_licence;
mod admin_merchants;
mod admin_places;
mod admin_redemptions;
mod applications;
mod branch_offers;
mod campaign_terms;
mod me;
mod me_coupons;
mod merchant;
mod merchant_records;
mod own_places;
mod own_staff;
mod posters;
mod public;
mod suspensions;
mod tills;

use unionhall_kernel::text::line as text;
use unionhall_kernel::{Invalid, division};
use unionhall_web::body::{Patch, patched};
use unionhall_web::query::words;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin_merchants::routes(config);
    admin_licence::routes(config);
    admin_applications::routes(config);
    applications::routes(config);
    admin_places::routes(config);
    admin_campaigns::routes(config);
    admin_codes::routes(config);
    admin_redemptions::routes(config);
    own_staff::routes(config);
    own_places::routes(config);
    suspensions::routes(config);
    tills::routes(config);
    posters::routes(config);
    public::routes(config);
    me::routes(config);
    me_coupons::routes(config);
    branch_offers::routes(config);
    merchant::routes(config);
    merchant_records::routes(config);
}

fn division_code(code: &str) -> Result<String, Invalid> {
    division::parse(code).map(|division| division.code.to_owned())
}
