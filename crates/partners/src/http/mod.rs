//! This room's operations.

mod admin;
mod dto;
mod me;
mod partner;
mod resolve;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin::routes(config);
    resolve::routes(config);
    me::routes(config);
    partner::routes(config);
}
