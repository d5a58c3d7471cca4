//! Merchants: merchants with their branches and staff, campaigns, coupons, verification and redemption at the till.
//!
//! Owns `merchant*` (applications of merchants too), `campaign*`, `coupon`, `redemption`, `verification_log`. Reads identity's `person_name`,
//! registry's `member_standing`, cards' `card_standing`, and burns through cards' `card_burn`: the one write across
//! rooms, beside storage's outbox and idempotency rows in the same statement. Offers [`staff::MerchantRoles`] to identity,
//! and [`import::MerchantFiles`] to registry's imports.
//! Events out: `redemption.done` (`{redemption_id, campaign_id, branch_id}`), to which nobody listens yet, and [`tasks::EXPIRING`].

pub mod application;
pub mod benefit;
pub mod branch;
pub mod campaign;
pub mod claim;
pub mod code_pool;
pub mod data;
pub mod directory;
mod eligible;
pub mod guess;
pub mod http;
pub mod import;
pub mod licence;
pub mod merchant;
pub mod nearby;
pub mod own_place;
pub mod pin;
pub mod receipt;
pub mod redeem;
pub mod redemption;
pub mod running;
mod schema;
pub mod staff;
pub mod stats;
pub mod suspension;
pub mod tasks;
pub mod till;
pub mod todos;
pub mod token;
pub mod verification_log;
pub mod verify;
pub mod void;

use std::sync::Arc;

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::keys::KeyRing;

use crate::running::Running;
use crate::token::VerificationTokens;
use crate::verification_log::VerificationLog;

/// This room's services, shared by all workers.
pub struct Merchants {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Seals what a verification found for the second step.
    pub tokens: VerificationTokens,
    /// Verifications on their way to the log.
    pub log: VerificationLog,
    /// Redemptions under way; a shutdown waits for them.
    pub running: Arc<Running>,
}

impl Merchants {
    /// Loads keys and prepares the services.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn start(core: Core, ring: &KeyRing) -> Result<Self, Problem> {
        Ok(Self {
            tokens: VerificationTokens::load(&core, ring).await?,
            log: VerificationLog::start(&core),
            running: Arc::new(Running::new()),
            core,
        })
    }
}
