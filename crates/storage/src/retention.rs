//! How long rows are kept that nothing asks for any more, and how they go: in batches that commit one by one, so
//! that no lock is held for long. The table of periods is in `docs/SECURITY.md`.

use chrono::{DateTime, Duration, Utc};
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;

use crate::Core;
use crate::tasks::{self, Leased};

/// Who came in, and what was verified: logs of network events are kept for at least six months (Cybersecurity Law,
/// article 21(3)), and six months have 184 days at most.
pub const RECORD: Duration = Duration::days(190);
/// What is done with: for as long as somebody may still ask why it went wrong.
pub const DONE: Duration = Duration::days(7);
/// What guards against guessing, which it does for minutes.
pub const GUARD: Duration = Duration::days(1);

const BATCH: usize = 10_000;

/// Rows that may go.
#[derive(Debug, Clone, Copy)]
pub struct Old {
    /// The table.
    pub table: &'static str,
    /// Its primary key.
    pub key: &'static str,
    /// Which rows; `$1` is the instant they must be older than.
    pub when: &'static str,
}

/// Deletes what was old before `before`, and keeps the lease of the task that does so.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn forget(core: &Core, leased: &Leased, old: Old, before: DateTime<Utc>) -> Result<(), Problem> {
    let Old { table, key, when } = old;
    // Twice, since a row may have become young again while the statement waited for it.
    let statement = format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {when} LIMIT $2) AND {when}"
    );
    let limit = i64::try_from(BATCH).map_err(Problem::internal)?;
    loop {
        let mut conn = core.db.writer().await?;
        let gone = diesel::sql_query(&statement)
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(limit)
            .execute(&mut conn)
            .await?;
        if gone < BATCH {
            return Ok(());
        }
        tasks::extend(&mut conn, leased.id, core.now()).await?;
    }
}

/// Forgets this room's own: tasks that are done, events that were dispatched, and what broken uploads left. Failed
/// tasks wait for an operator.
///
/// # Errors
/// As [`forget`].
pub async fn own(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let before = core.now() - DONE;
    let tasks = Old { table: "task", key: "id", when: "state = 'done' AND finished_at < $1" };
    forget(core, leased, tasks, before).await?;
    forget(core, leased, crate::blob::UNKEPT, core.now() - GUARD).await?;
    forget(core, leased, Old { table: "outbox", key: "id", when: "dispatched_at < $1" }, before).await
}
