//! Clocks of cases: each limits one step, goes by wall clock or working time, stands still only in states that are named, and
//! tells its breach once. What it has run is kept as segments, so that it can be recounted from them.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem};
use unionhall_storage::{Conn, Core, outbox, tasks};
use uuid::Uuid;

use crate::calendar::Calendar;
use crate::hours::{self, Hours, Limit};
use crate::reminder;
use crate::schema::{case_clock as clocks, case_segment as segments};

/// Published once when a clock has run out: [`Breached`].
pub const BREACHED: &str = "case.breached";
/// The kind of task that looks whether a clock has run out.
pub(crate) const DUE: &str = "casework.due";

/// What [`BREACHED`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breached {
    /// The clock.
    pub clock: Uuid,
    /// The kind of case.
    pub kind: String,
    /// The case.
    pub case: Uuid,
    /// The name of the clock.
    pub name: String,
    /// When it ran out.
    pub due_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Due {
    pub clock: Uuid,
    pub due_at: DateTime<Utc>,
}

/// A case: its kind and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// `consultation`, `legal_aid`, …
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
}

/// A clock.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = clocks)]
pub struct Clock {
    /// Its id.
    pub id: Uuid,
    /// The kind of case.
    pub kind: String,
    /// The case.
    pub case_id: Uuid,
    /// What it limits.
    pub name: String,
    hours: String,
    allowance_ms: i64,
    used_ms: i64,
    /// Since when it runs; `None` while it stands still and once it ended.
    pub running_since: Option<DateTime<Utc>>,
    /// When it runs out; `None` while it stands still.
    pub due_at: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When what it limits was done, or no longer had to be.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it was done, in time or not; `None` until it ended.
    pub met: Option<bool>,
    /// When it had run out.
    pub breached_at: Option<DateTime<Utc>>,
}

impl Clock {
    /// By which hours it goes.
    pub fn hours(&self) -> Hours {
        Hours::ALL.iter().copied().find(|hours| hours.as_str() == self.hours).unwrap_or(Hours::RoundTheClock)
    }

    // What is left of it for a segment that begins now.
    fn left(&self) -> Duration {
        Duration::milliseconds((self.allowance_ms - self.used_ms).max(0))
    }
}

pub(crate) async fn open(tx: &mut Conn, case: Case, name: &str) -> Result<Option<Clock>, Problem> {
    let of = clocks::table
        .filter(clocks::case_id.eq(case.id).and(clocks::name.eq(name)))
        .filter(clocks::ended_at.is_null());
    Ok(of.select(Clock::as_select()).for_update().first(tx).await.optional()?)
}

async fn watch(core: &Core, tx: &mut Conn, clock: Uuid, due_at: DateTime<Utc>) -> Result<(), Problem> {
    tasks::enqueue(tx, core.id(), due_at, DUE, None, &Due { clock, due_at }).await?;
    reminder::watch(core, tx, clock, due_at).await
}

/// Starts a clock of a case. One of the same name that is open ends unmet and gives way to it.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn start(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    case: Case,
    (name, limit): (&str, Limit),
) -> Result<DateTime<Utc>, Problem> {
    end(core, tx, calendar, case, name, false).await?;
    let (now, id) = (core.now(), core.id());
    let (by, allowance) = limit.from(calendar, now);
    let due_at = hours::due(calendar, by, now, allowance);
    diesel::insert_into(clocks::table)
        .values((
            clocks::id.eq(id),
            clocks::kind.eq(case.kind),
            clocks::case_id.eq(case.id),
            clocks::name.eq(name),
            clocks::hours.eq(by.as_str()),
            clocks::allowance_ms.eq(allowance.num_milliseconds()),
            clocks::used_ms.eq(0),
            clocks::running_since.eq(now),
            clocks::due_at.eq(due_at),
            clocks::started_at.eq(now),
        ))
        .execute(tx)
        .await?;
    begin_segment(core, tx, id).await?;
    watch(core, tx, id, due_at).await?;
    Ok(due_at)
}

async fn begin_segment(core: &Core, tx: &mut Conn, clock: Uuid) -> Result<(), Problem> {
    diesel::insert_into(segments::table)
        .values((
            segments::id.eq(core.id()),
            segments::clock_id.eq(clock),
            segments::started_at.eq(core.now()),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

async fn end_segment(core: &Core, tx: &mut Conn, clock: Uuid, why: &str) -> Result<(), Problem> {
    let running = segments::table.filter(segments::clock_id.eq(clock).and(segments::ended_at.is_null()));
    // Servers' clocks differ by a little, and are set back by a little: a segment never ends before it began.
    let ended = sql::<Timestamptz>("GREATEST(started_at, ").bind::<Timestamptz, _>(core.now()).sql(")");
    diesel::update(running)
        .set((segments::ended_at.eq(ended.nullable()), segments::why.eq(why)))
        .execute(tx)
        .await?;
    Ok(())
}

fn used_until(calendar: &Calendar, clock: &Clock, now: DateTime<Utc>) -> i64 {
    let since = clock.running_since.map(|since| hours::elapsed(calendar, clock.hours(), since, now));
    clock.used_ms + since.unwrap_or_default().num_milliseconds()
}

/// Stops a clock while a case is in a state that says so; `why` is the state's word. One that stands still stays so.
///
/// # Errors
/// `INTERNAL` when there is no such clock.
pub async fn stop(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    case: Case,
    (name, why): (&str, &str),
) -> Result<(), Problem> {
    let clock = open(tx, case, name).await?.ok_or_else(|| Problem::internal("no such clock"))?;
    if clock.running_since.is_none() {
        return Ok(());
    }
    diesel::update(clocks::table.find(clock.id))
        .set((
            clocks::used_ms.eq(used_until(calendar, &clock, core.now())),
            clocks::running_since.eq(None::<DateTime<Utc>>),
            clocks::due_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(tx)
        .await?;
    end_segment(core, tx, clock.id, why).await
}

/// Lets a clock that stands still run on with what is left of it.
///
/// # Errors
/// `INTERNAL` when there is no such clock.
pub async fn resume(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    case: Case,
    name: &str,
) -> Result<(), Problem> {
    let clock = open(tx, case, name).await?.ok_or_else(|| Problem::internal("no such clock"))?;
    if clock.running_since.is_some() {
        return Ok(());
    }
    let due_at = hours::due(calendar, clock.hours(), core.now(), clock.left());
    diesel::update(clocks::table.find(clock.id))
        .set((clocks::running_since.eq(core.now()), clocks::due_at.eq(due_at)))
        .execute(tx)
        .await?;
    begin_segment(core, tx, clock.id).await?;
    watch(core, tx, clock.id, due_at).await
}

/// Ends a clock, if it is open: what it limits was done (`met`) or no longer has to be.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn end(
    core: &Core,
    tx: &mut Conn,
    calendar: &Calendar,
    case: Case,
    name: &str,
    met: bool,
) -> Result<(), Problem> {
    let Some(clock) = open(tx, case, name).await? else { return Ok(()) };
    diesel::update(clocks::table.find(clock.id))
        .set((
            clocks::used_ms.eq(used_until(calendar, &clock, core.now())),
            clocks::running_since.eq(None::<DateTime<Utc>>),
            clocks::due_at.eq(None::<DateTime<Utc>>),
            clocks::ended_at.eq(core.now()),
            clocks::met.eq(met),
        ))
        .execute(tx)
        .await?;
    end_segment(core, tx, clock.id, "ended").await
}

/// All clocks of a case, the oldest first.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of_case(conn: &mut Conn, case: Uuid) -> Result<Vec<Clock>, Problem> {
    let of = clocks::table.filter(clocks::case_id.eq(case)).order(clocks::id);
    Ok(of.select(Clock::as_select()).load(conn).await?)
}

/// The open clocks of some cases, by case: for lists.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn open_of(conn: &mut Conn, cases: &[Uuid]) -> Result<HashMap<Uuid, Vec<Clock>>, Problem> {
    let of = clocks::table.filter(clocks::case_id.eq_any(cases).and(clocks::ended_at.is_null()));
    let mut by_case: HashMap<Uuid, Vec<Clock>> = HashMap::new();
    for clock in of.select(Clock::as_select()).load::<Clock>(conn).await? {
        by_case.entry(clock.case_id).or_default().push(clock);
    }
    Ok(by_case)
}

/// The segments of a clock: from when to when it ran.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn segments_of(
    conn: &mut Conn,
    clock: Uuid,
) -> Result<Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>, Problem> {
    let of = segments::table.filter(segments::clock_id.eq(clock)).order(segments::id);
    Ok(of.select((segments::started_at, segments::ended_at)).load(conn).await?)
}

// A clock has run out where it still runs and is due: told once, however often the task runs and however many there are.
pub(crate) async fn look(core: &Core, due: &Due) -> Result<(), Problem> {
    core.db
        .write(async |tx| {
            let of = clocks::table.find(due.clock).select(Clock::as_select()).for_update();
            let Some(clock) = of.first(tx).await.optional()? else { return Ok(()) };
            let Some(due_at) = clock.due_at.filter(|at| *at <= core.now()) else { return Ok(()) };
            if clock.breached_at.is_some() {
                return Ok(());
            }
            let breached = clocks::breached_at.eq(core.now());
            diesel::update(clocks::table.find(clock.id)).set(breached).execute(tx).await?;
            let news =
                Breached { clock: clock.id, kind: clock.kind, case: clock.case_id, name: clock.name, due_at };
            outbox::publish(tx, core.id(), core.now(), BREACHED, &news).await
        })
        .await
}

/// How many clocks are recounted in one transaction.
const BATCH: i64 = 200;

/// Counts all clocks that run by working time anew, after the calendar changed. Running twice does no harm.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn recount(core: &Core) -> Result<usize, Problem> {
    let (mut after, mut moved) = (Uuid::nil(), 0);
    loop {
        let (last, changed) = core.db.write(async |tx| recount_batch(core, tx, after).await).await?;
        moved += changed;
        match last {
            Some(id) => after = id,
            None => return Ok(moved),
        }
    }
}

async fn recount_batch(core: &Core, tx: &mut Conn, after: Uuid) -> Result<(Option<Uuid>, usize), Problem> {
    let mut moved = 0;
    let calendar = Calendar::load(tx).await?;
    let running: Vec<Clock> = clocks::table
        .filter(clocks::running_since.is_not_null().and(clocks::hours.eq(Hours::Office.as_str())))
        .filter(clocks::id.gt(after))
        .order(clocks::id)
        .limit(BATCH)
        .select(Clock::as_select())
        .for_update()
        .load(tx)
        .await?;
    for clock in &running {
        // What earlier segments used is recounted as well: a day off may have been among them.
        let mut used = Duration::zero();
        for (from, to) in segments_of(tx, clock.id).await? {
            used += to.map_or_else(Duration::zero, |to| hours::elapsed(&calendar, clock.hours(), from, to));
        }
        let since = clock.running_since.ok_or_else(|| Problem::new(Code::Internal))?;
        let left = (Duration::milliseconds(clock.allowance_ms) - used).max(Duration::zero());
        let due_at = hours::due(&calendar, clock.hours(), since, left);
        if clock.due_at != Some(due_at) {
            diesel::update(clocks::table.find(clock.id))
                .set((clocks::used_ms.eq(used.num_milliseconds()), clocks::due_at.eq(due_at)))
                .execute(tx)
                .await?;
            watch(core, tx, clock.id, due_at).await?;
            moved += 1;
        }
    }
    Ok((running.last().map(|clock| clock.id), moved))
}
