//! Duty 值班 (E9): who answers when. A roster says who should be there; a heartbeat says who is. Shifts are instants; their days are
//! Shanghai's.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::{legal_lawyer as lawyers, legal_shift as shifts};

/// How many days ahead gaps are looked for.
pub const GAP_DAYS: i64 = 30;

/// Where a shift stands; `ON_DUTY`, `DONE` and `NO_SHOW` are told by the clock and the heartbeat. 班次状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ShiftState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// 草拟
    Planned,
    /// 已发布
    Published,
    /// 已取消
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: &[State] = &[Self::Planned, Self::Published, Self::Cancelled];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Published => "PUBLISHED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A shift.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shifts)]
pub struct Shift {
    /// Its id.
    pub id: Uuid,
    /// The union whose roster it is of.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// Who is on duty.
    pub lawyer_id: Uuid,
    /// Who stands in for them.
    pub backup_id: Option<Uuid>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive.
    pub ends_at: DateTime<Utc>,
    state: String,
    /// Moves with every change.
    pub version: i32,
}

impl Shift {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::ALL.iter().copied().find(|state| state.as_str() == self.state).unwrap_or(State::Cancelled)
    }
}

/// A shift to be.
#[derive(Debug, Clone)]
pub struct NewShift {
    /// Who is on duty.
    pub lawyer: Uuid,
    /// Who stands in for them.
    pub backup: Option<Uuid>,
    /// First instant.
    pub starts_at: DateTime<Utc>,
    /// End, exclusive; at most a day later.
    pub ends_at: DateTime<Utc>,
}

/// Plans a shift in a union's roster.
///
/// # Errors
/// `VALIDATION_FAILED` for a lawyer out of scope; `SHIFT_OVERLAPS` when one of the two has another shift then.
pub async fn plan(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    union: Uuid,
    new: &NewShift,
) -> Result<Shift, Problem> {
    for (lawyer, pointer) in [(Some(new.lawyer), "/lawyer_id"), (new.backup, "/backup_id")] {
        let Some(lawyer) = lawyer else { continue };
        lock(tx, scope, lawyer, pointer).await?;
        free(tx, lawyer, (new.starts_at, new.ends_at), None).await?;
    }
    let shift: Shift = diesel::insert_into(shifts::table)
        .values((
            shifts::id.eq(core.id()),
            shifts::org_id.eq(union),
            shifts::path.eq(scope.start()),
            shifts::lawyer_id.eq(new.lawyer),
            shifts::backup_id.eq(new.backup),
            shifts::starts_at.eq(new.starts_at),
            shifts::ends_at.eq(new.ends_at),
            shifts::state.eq(State::Planned.as_str()),
            shifts::created_at.eq(core.now()),
        ))
        .returning(Shift::as_returning())
        .get_result(tx)
        .await?;
    let event =
        actor.event(core.id(), core.now(), Some(&shift.path), "shift.plan", ("shift", Some(shift.id)));
    audit::append(tx, &event.changes(json!({"lawyer": new.lawyer, "starts_at": new.starts_at}))).await?;
    Ok(shift)
}

// The lawyer's row is what two plans for one lawyer queue up at.
async fn lock(tx: &mut Conn, scope: &OrgScope, id: Uuid, pointer: &str) -> Result<(), Problem> {
    let within = lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end()));
    let of = lawyers::table.find(id).filter(within).filter(lawyers::state.eq("ACTIVE"));
    let found: Option<Uuid> = of.select(lawyers::id).for_update().first(tx).await.optional()?;
    let unknown =
        || Problem::invalid(pointer, Invalid::new("LAWYER_UNKNOWN", "律师不存在或不在本级范围内。"));
    found.map(drop).ok_or_else(unknown)
}

async fn free(
    tx: &mut Conn,
    lawyer: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    but: Option<Uuid>,
) -> Result<(), Problem> {
    let theirs = shifts::lawyer_id.eq(lawyer).or(shifts::backup_id.eq(lawyer).assume_not_null());
    let overlapping: i64 = shifts::table
        .filter(theirs.and(shifts::state.ne(State::Cancelled.as_str())))
        .filter(shifts::starts_at.lt(to).and(shifts::ends_at.gt(from)))
        .filter(shifts::id.ne(but.unwrap_or(Uuid::nil())))
        .count()
        .get_result(tx)
        .await?;
    if overlapping == 0 { Ok(()) } else { Err(Problem::new(Code::ShiftOverlaps)) }
}

/// A shift of a scope, locked.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Shift, Problem> {
    let within = shifts::path.ge(scope.start()).and(shifts::path.lt(scope.end()));
    let found = shifts::table.find(id).filter(within).select(Shift::as_select());
    found.for_update().first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

async fn turn(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    (before, to, reason): (&Shift, State, Option<&str>),
    action: &'static str,
) -> Result<Shift, Problem> {
    let changed: Option<Shift> =
        diesel::update(shifts::table.find(before.id).filter(shifts::version.eq(before.version)))
            .set((shifts::state.eq(to.as_str()), shifts::version.eq(shifts::version + 1)))
            .returning(Shift::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let mut event =
        actor.event(core.id(), core.now(), Some(&changed.path), action, ("shift", Some(changed.id)));
    if let Some(reason) = reason {
        event = event.reason(reason);
    }
    audit::append(tx, &event).await?;
    Ok(changed)
}

/// Publishes a planned shift.
///
/// # Errors
/// `INVALID_STATE` when it is not planned or is over.
pub async fn publish(core: &Core, tx: &mut Conn, actor: &Actor, before: &Shift) -> Result<Shift, Problem> {
    if before.state() != State::Planned || before.ends_at <= core.now() {
        return Err(Problem::new(Code::InvalidState));
    }
    turn(core, tx, actor, (before, State::Published, None), "shift.publish").await
}

/// Cancels a shift that is not over.
///
/// # Errors
/// `INVALID_STATE` when it is cancelled or over.
pub async fn cancel(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Shift,
    reason: &str,
) -> Result<Shift, Problem> {
    if before.state() == State::Cancelled || before.ends_at <= core.now() {
        return Err(Problem::new(Code::InvalidState));
    }
    turn(core, tx, actor, (before, State::Cancelled, Some(reason)), "shift.cancel").await
}

/// Gives a shift that is not over to another lawyer, whatever was agreed before (E9: override at any time, with a reason).
///
/// # Errors
/// `INVALID_STATE` when it is cancelled or over; `SHIFT_OVERLAPS`; `VALIDATION_FAILED` for a lawyer out of scope.
pub async fn reassign(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    before: &Shift,
    (to, reason): (Uuid, &str),
) -> Result<Shift, Problem> {
    if before.state() == State::Cancelled || before.ends_at <= core.now() {
        return Err(Problem::new(Code::InvalidState));
    }
    if before.backup_id == Some(to) {
        return Err(Problem::invalid("/lawyer_id", Invalid::new("DUPLICATE_ITEM", "已是本班备勤律师。")));
    }
    lock(tx, scope, to, "/lawyer_id").await?;
    free(tx, to, (before.starts_at, before.ends_at), Some(before.id)).await?;
    let changed: Option<Shift> =
        diesel::update(shifts::table.find(before.id).filter(shifts::version.eq(before.version)))
            .set((shifts::lawyer_id.eq(to), shifts::version.eq(shifts::version + 1)))
            .returning(Shift::as_returning())
            .get_result(tx)
            .await
            .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let object = ("shift", Some(changed.id));
    let event = actor.event(core.id(), core.now(), Some(&changed.path), "shift.reassign", object);
    audit::append(tx, &event.reason(reason).changes(json!({"lawyer": [before.lawyer_id, to]}))).await?;
    Ok(changed)
}

/// Which shifts.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Those of a scope's rosters.
    Scope(&'a OrgScope),
    /// A lawyer's own that were published.
    Lawyer(Uuid),
}

/// A page of shifts that end after an instant, by start.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    whose: Whose<'_>,
    from: DateTime<Utc>,
    key: Option<&(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Page<Shift>, Problem> {
    let mut query = shifts::table
        .filter(shifts::ends_at.gt(from))
        .order((shifts::starts_at, shifts::id))
        .limit(limit + 1)
        .select(Shift::as_select())
        .into_boxed();
    query = match whose {
        Whose::Scope(scope) => query.filter(shifts::path.ge(scope.start()).and(shifts::path.lt(scope.end()))),
        Whose::Lawyer(id) => {
            let theirs = shifts::lawyer_id.eq(id).or(shifts::backup_id.eq(id).assume_not_null());
            query.filter(theirs.and(shifts::state.eq(State::Published.as_str())))
        }
    };
    if let Some((at, id)) = key {
        query = query.filter(shifts::starts_at.gt(at).or(shifts::starts_at.eq(at).and(shifts::id.gt(id))));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}

/// Times of the next days in which nobody is on duty for a union, the earliest first. Half-open.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn gaps(
    conn: &mut Conn,
    scope: &OrgScope,
    now: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, DateTime<Utc>)>, Problem> {
    let end = now + Duration::days(GAP_DAYS);
    let covered: Vec<(DateTime<Utc>, DateTime<Utc>)> = shifts::table
        .filter(shifts::path.eq(scope.start()).and(shifts::state.eq(State::Published.as_str())))
        .filter(shifts::ends_at.gt(now).and(shifts::starts_at.lt(end)))
        .order(shifts::starts_at)
        .select((shifts::starts_at, shifts::ends_at))
        .load(conn)
        .await?;
    Ok(uncovered((now, end), &covered))
}

/// What a period has left over once others, sorted by their beginning, are taken out of it.
pub fn uncovered(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    covered: &[(DateTime<Utc>, DateTime<Utc>)],
) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let (mut gaps, mut at) = (Vec::new(), from);
    for (begins, ends) in covered {
        if *begins > at {
            gaps.push((at, (*begins).min(to)));
        }
        at = at.max(*ends);
        if at >= to {
            return gaps;
        }
    }
    gaps.push((at, to));
    gaps
}

/// Whether anybody is on duty at an instant, anywhere.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn is_covered(conn: &mut Conn, at: DateTime<Utc>) -> Result<bool, Problem> {
    let now = shifts::starts_at.le(at).and(shifts::ends_at.gt(at));
    let on = shifts::table.filter(now.and(shifts::state.eq(State::Published.as_str())));
    Ok(diesel::select(diesel::dsl::exists(on)).get_result(conn).await?)
}
