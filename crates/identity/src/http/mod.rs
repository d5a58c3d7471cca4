//! This room's operations.

mod bindings;
mod closing;
mod confirmation;
mod credentials;
mod delegates;
mod device;
mod login;
mod me;
mod mobile;
mod public;
mod sessions;
mod settings;
mod tokens;
mod wechat;

use utoipa_actix_web::service_config::ServiceConfig;

pub use self::confirmation::Confirmation;
pub use self::tokens::TokensDto;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    login::routes(config);
    sessions::routes(config);
    bindings::routes(config);
    delegates::routes(config);
    settings::routes(config);
    credentials::routes(config);
    me::routes(config);
    mobile::routes(config);
    closing::routes(config);
    wechat::routes(config);
    public::routes(config);
}
