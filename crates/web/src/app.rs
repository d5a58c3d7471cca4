//! What the gateway hands to every worker.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use unionhall_kernel::Problem;
use unionhall_storage::Core;

use crate::actor::Principal;
use crate::contract::Contract;
use crate::rate::Limits;
use crate::request::ClientRules;

/// Turns an access token into an account with its present state. Identity implements it.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The principal of a token.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` or `TOKEN_EXPIRED`; `UNAVAILABLE` when account state is not fresh.
    async fn authenticate(&self, token: &str) -> Result<Principal, Problem>;
}

/// The state all rooms share. Rooms with services of their own add them as further `web::Data`.
pub struct App {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Verifies tokens.
    pub authenticator: Arc<dyn Authenticate>,
    /// What the published documents promise about each operation.
    pub contract: Contract,
    /// Rate limits.
    pub limits: Limits,
    /// How long a request may take, uploads excepted.
    pub time_limit: Duration,
    /// `production`, `development`, …
    pub environment: &'static str,
    /// Known clients and trusted proxies.
    pub clients: ClientRules,
}

impl Deref for App {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}
