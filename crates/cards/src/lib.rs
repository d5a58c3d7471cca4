//! Cards: the virtual membership card that is issued by itself, its computed validity, the dynamic code under
//! the QR with its eight digits for tills that cannot scan, loss and replacement.
//!
//! Owns `card`, `card_policy`, `card_till_code`. Publishes the views `card_standing` (what the till reads) and `card_burn` (the one
//! column the redemption statement writes). Offers [`import::CardFiles`] to
//! registry's imports. Events in: `membership.activated`, `level.raised`; events out: [`issue::ISSUED`],
//! [`loss::CHANGED`]. Validity is never stored and never an event: [`standing::validity`] computes it from the row, the
//! membership and today.

pub mod code;
pub mod data;
pub mod http;
pub mod import;
pub mod issue;
pub mod loss;
mod schema;
pub mod standing;
pub mod store;
pub mod till_code;

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::keys::{KeyRing, Purpose};
use unionhall_storage::tasks::Worker;
use uuid::Uuid;

use crate::code::CardCodes;

/// The kind of task that issues a card where one is due.
const ISSUE: &str = "cards.issue";

/// This room's services.
pub struct Cards {
    /// Database, clock, chance and keys.
    pub core: Core,
    /// Seals and opens dynamic codes.
    pub codes: CardCodes,
}

impl Cards {
    /// Loads the code keys.
    ///
    /// # Errors
    /// `INTERNAL` when a key does not open.
    pub async fn start(core: Core, ring: &KeyRing) -> Result<Self, Problem> {
        let mut conn = core.db.writer().await?;
        let keys = ring.ensure(&mut conn, Purpose::CardCode, core.now()).await?;
        let codes = CardCodes::new(&keys)?;
        drop(conn);
        Ok(Self { core, codes })
    }
}

/// Teaches the worker this room's tasks.
pub fn tasks(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker
        .on(unionhall_registry::membership::ACTIVATED, ISSUE)
        .on(unionhall_registry::real_name::LEVEL_RAISED, ISSUE)
        .handle(ISSUE, move |leased| {
            let core = core.clone();
            async move {
                let person = leased.payload.get("person_id").and_then(|v| v.as_str());
                let person = person.and_then(|p| Uuid::parse_str(p).ok());
                let person = person.ok_or_else(|| Problem::internal("no person_id"))?;
                issue::ensure(&core, person).await.map(drop)
            }
        })
}
