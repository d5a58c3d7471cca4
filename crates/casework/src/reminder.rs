//! Reminders: some time before a clock runs out it is told that it will, once each. They move with the clock and are silent
//! while it stands still.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core, outbox, tasks};
use uuid::Uuid;

use crate::clock::{self, Case, Clock};
use crate::schema::{case_clock as clocks, case_reminder as rows};

/// Published once for each reminder: [`Reminded`].
pub const REMINDED: &str = "case.reminded";
/// The kind of task that looks whether it is time for one.
pub(crate) const REMIND: &str = "casework.remind";

/// What [`REMINDED`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// This reminder, for whoever tells of it once.
    pub id: Uuid,
    /// The kind of case.
    pub kind: String,
    /// The case.
    pub case: Uuid,
    /// The name of the clock.
    pub name: String,
    /// When it runs out.
    pub due_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remind {
    clock: Uuid,
    before_ms: i64,
    due_at: DateTime<Utc>,
}

/// Has the open clock of a case told some times before it runs out. Times that have passed already are left out: whoever
/// starts the clock then knows how near its end is.
///
/// # Errors
/// `INTERNAL` when there is no such clock.
pub async fn add(
    core: &Core,
    tx: &mut Conn,
    case: Case,
    (name, before): (&str, &[Duration]),
) -> Result<(), Problem> {
    let clock = clock::open(tx, case, name).await?.ok_or_else(|| Problem::internal("no such clock"))?;
    let Some(due_at) = clock.due_at else { return Ok(()) };
    for before in before.iter().filter(|before| due_at - **before > core.now()) {
        diesel::insert_into(rows::table)
            .values((rows::clock_id.eq(clock.id), rows::before_ms.eq(before.num_milliseconds())))
            .on_conflict_do_nothing()
            .execute(tx)
            .await?;
    }
    watch(core, tx, clock.id, due_at).await
}

/// Looks again when it is time for those that were not told yet.
pub(crate) async fn watch(
    core: &Core,
    tx: &mut Conn,
    clock: Uuid,
    due_at: DateTime<Utc>,
) -> Result<(), Problem> {
    let untold = rows::table.filter(rows::clock_id.eq(clock).and(rows::told_at.is_null()));
    let untold: Vec<i64> = untold.order(rows::before_ms).select(rows::before_ms).load(tx).await?;
    for before_ms in untold {
        let at = due_at - Duration::milliseconds(before_ms);
        let remind = Remind { clock, before_ms, due_at };
        tasks::enqueue(tx, core.id(), at.max(core.now()), REMIND, None, &remind).await?;
    }
    Ok(())
}

// Told where the clock still runs out then; one that was moved has a task of its own.
pub(crate) async fn look(core: &Core, remind: &Remind) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            let of = clocks::table.find(remind.clock).select(Clock::as_select()).for_update();
            let Some(clock) = of.first(tx).await.optional()? else { return Ok(()) };
            if clock.due_at != Some(remind.due_at) {
                return Ok(());
            }
            let told = diesel::update(rows::table.find((clock.id, remind.before_ms)))
                .filter(rows::told_at.is_null())
                .set(rows::told_at.eq(core.now()))
                .execute(tx)
                .await?;
            if told == 0 {
                return Ok(());
            }
            let id = core.id();
            let Clock { kind, case_id: case, name, .. } = clock;
            let news = Reminded { id, kind, case, name, due_at: remind.due_at };
            outbox::publish(tx, id, core.now(), REMINDED, &news).await
        })
        .await
}
