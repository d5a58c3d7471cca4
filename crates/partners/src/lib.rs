//! Partners 合作系统: other systems (a city's app, a page that a partner embeds) that learn what a member agreed to share, by
//! signed key and one-use ticket, under a subject that is theirs alone.
//!
//! Owns `partner`, `partner_key`, `partner_assertion`, `partner_consent`, `partner_ticket`. A partner is an account of the realm
//! `partner` in identity, and each of its keys a session of it, so that suspending the one and removing the other acts on
//! every copy as for anybody else. Asks registry where a member stands. Event in: `account.closed`.

pub mod assertion;
pub mod consent;
pub mod data;
pub mod http;
pub mod key;
pub mod origin;
pub mod partner;
pub mod receives;
pub mod resolve;
pub mod retention;
mod schema;
pub mod state;
pub mod step;
pub mod subject;
pub mod ticket;
pub mod token;

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::keys::{KeyRing, Purpose};
use unionhall_storage::tasks::Worker;
use uuid::Uuid;

use crate::subject::Subjects;

/// The kind of task that withdraws what a closed account had agreed to.
const FORGET: &str = "partners.account_closed";

/// This room's services.
pub struct Partners {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Makes subjects.
    pub subjects: Subjects,
}

impl Partners {
    /// Loads the key of subjects.
    ///
    /// # Errors
    /// `INTERNAL` when the key does not open.
    pub async fn start(core: Core, ring: &KeyRing) -> Result<Self, Problem> {
        let mut conn = core.db.writer().await?;
        let keys = ring.ensure(&mut conn, Purpose::Subject, core.now()).await?;
        let key = keys.as_slice().first().ok_or_else(|| Problem::internal("no subject key"))?;
        let subjects = Subjects::new(key.bytes()?);
        drop(conn);
        Ok(Self { core, subjects })
    }
}

/// Teaches the worker this room's tasks.
pub fn tasks(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker.on(unionhall_identity::closing::CLOSED, FORGET).handle(FORGET, move |leased| {
        let core = core.clone();
        async move {
            let account = leased.payload.get("account_id").and_then(|v| v.as_str());
            let account = account.and_then(|id| Uuid::parse_str(id).ok());
            let account = account.ok_or_else(|| Problem::internal("no account_id"))?;
            core.db.write(async |tx| consent::withdraw_all(&core, tx, account).await).await
        }
    })
}
