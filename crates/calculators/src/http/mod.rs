//! This room's operations.

mod admin;
mod answer;
mod public;

use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    public::routes(config);
    admin::routes(config);
}
