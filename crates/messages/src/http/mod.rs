//! This room's operations.

mod admin;
mod me;
mod public;
mod received;
mod terms;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin::routes(config);
    received::routes(config);
    me::routes(config);
    public::routes(config);
}
