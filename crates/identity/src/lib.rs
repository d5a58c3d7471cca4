//! Identity, the lowest service: natural persons and their documents, accounts, logins, sessions, tokens,
//! consents.
//!
//! Owns the tables `person*`, `account*`, `session`, `otp`, `consent`. Offers to the rooms above: creating and
//! finding persons and accounts, checking one-time codes, daily caps, and [`state::RoleSource`], by which
//! they tell what an account may be, and which devices of an account are logged in. Events out: [`closing::CLOSED`],
//! `{account_id}`; [`closing::ASKED`]; [`mobile::CHANGED`]. Rooms that change what an account may do call
//! [`account::touch`] in the same transaction.

pub mod account;
pub mod assist;
pub mod binding;
pub mod closing;
pub mod consent;
pub mod counts;
pub mod credentials;
pub mod data;
pub mod delegate;
pub mod http;
pub mod login;
pub mod logout;
pub mod mobile;
pub mod otp;
pub mod password;
pub mod people;
pub mod person;
pub mod retention;
pub mod roles;
mod schema;
pub mod session;
pub mod settings;
pub mod sms;
pub mod state;
pub mod token;
pub mod totp;
pub mod wechat;

use std::sync::Arc;

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::keys::{KeyRing, Purpose};

pub use account::Account;
pub use state::{AccountStates, RoleSource};

use crate::password::Passwords;
use crate::session::RefreshKey;
use crate::sms::SmsSender;
use crate::token::Tokens;
use crate::wechat::WechatApi;

/// This room's services, shared by all workers.
pub struct Identity {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Signs and verifies access tokens.
    pub tokens: Arc<Tokens>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Hands messages over.
    pub sms: Arc<dyn SmsSender>,
    /// Asks WeChat, where that is configured.
    pub wechat: Option<Arc<dyn WechatApi>>,
    /// What is true of accounts now.
    pub states: Arc<AccountStates>,
    pub(crate) refresh_key: RefreshKey,
}

impl Identity {
    /// Loads keys and prepares the services.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn start(
        core: Core,
        ring: &KeyRing,
        issuer: String,
        (sms, wechat): (Arc<dyn SmsSender>, Option<Arc<dyn WechatApi>>),
        (sources, cached): (Vec<Arc<dyn RoleSource>>, bool),
        cores: usize,
    ) -> Result<Self, Problem> {
        let mut conn = core.db.writer().await?;
        let tokens = Arc::new(Tokens::load(issuer, ring, &mut conn, core.now()).await?);
        let refresh = ring.ensure(&mut conn, Purpose::Refresh, core.now()).await?;
        let refresh = refresh.as_slice().last().ok_or_else(|| Problem::internal("no refresh key"))?;
        let refresh_key = RefreshKey::new(refresh.bytes()?);
        drop(conn);
        Ok(Self {
            passwords: Passwords::new(cores, core.ids.as_ref())?,
            states: Arc::new(AccountStates::new(core.clone(), tokens.clone(), sources, cached)),
            tokens,
            sms,
            wechat,
            refresh_key,
            core,
        })
    }
}
