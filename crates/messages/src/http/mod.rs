//! This room's operations.

mod admin;
mod devices;
mod inbox;
mod me;
mod preferences;
mod public;
mod received;
mod terms;

use utoipa_actix_web::service_config::ServiceConfig;

pub use self::preferences::PreferencesDto;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin::routes(config);
    received::routes(config);
    me::routes(config);
    public::routes(config);
    inbox::routes(config);
    preferences::routes(config);
    devices::routes(config);
}
