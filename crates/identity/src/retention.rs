//! What identity forgets, and when: codes, counts and failures after days, sessions after half a year.

use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::retention::{DONE, GUARD, Old, RECORD, forget};
use unionhall_storage::tasks::Leased;

const CODES: Old = Old { table: "otp", key: "mobile_index, realm, purpose", when: "expires_at < $1" };
const FAILURES: Old = Old { table: "account_failure", key: "key", when: "last_at < $1" };
const COUNTS: Old = Old {
    table: "account_day_count",
    key: "kind, key, day",
    when: "day < ($1 AT TIME ZONE 'Asia/Shanghai')::date",
};
// A session that is neither ended nor past its refresh token is somebody's login.
const SESSIONS: Old = Old { table: "session", key: "id", when: "coalesce(ended_at, expires_at) < $1" };

/// Forgets what is past its time.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn own(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let now = core.now();
    for (old, kept) in [(CODES, GUARD), (FAILURES, GUARD), (COUNTS, DONE), (SESSIONS, RECORD)] {
        forget(core, leased, old, now - kept).await?;
    }
    Ok(())
}
