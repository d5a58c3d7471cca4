//! What this room forgets: tickets and assertions a day after they died. Consents are kept.

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::retention::{GUARD, Old, forget};
use unionhall_storage::tasks::Leased;

const TICKETS: Old = Old { table: "partner_ticket", key: "hash", when: "expires_at < $1" };
const ASSERTIONS: Old = Old { table: "partner_assertion", key: "partner_id, jti", when: "expires_at < $1" };

/// Forgets what is past its time.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn own(core: &Core, leased: &Leased) -> Result<(), Problem> {
    for old in [TICKETS, ASSERTIONS] {
        forget(core, leased, old, core.now() - GUARD).await?;
    }
    Ok(())
}
