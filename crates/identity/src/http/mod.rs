//! This room's operations.

mod auth;
mod me;
mod public;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    auth::routes(config);
    me::routes(config);
    public::routes(config);
}
