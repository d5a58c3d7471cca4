//! Rotations 轮值: lawyers in an order, from which the shifts of days are planned.

use std::collections::HashSet;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::{Code, Invalid, Problem};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::gap::{self, Gap, Period};
use super::turns::{Busy, Pattern, Slot, turns};
use super::{Shift, State, leave};
use crate::schema::{
    legal_firm as firms, legal_lawyer as lawyers, legal_rotation as rows, legal_shift as shifts,
};

/// The most days that are planned at a time.
pub const MAX_DAYS: i64 = 92;

/// A rotation.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Rotation {
    /// Its id.
    pub id: Uuid,
    /// The union whose roster it plans.
    pub org_id: Uuid,
    /// That union's path.
    pub path: String,
    /// What people call it.
    pub name: String,
    /// Who, in order.
    pub lawyers: Vec<Uuid>,
    starts: Vec<i32>,
    hours: Vec<i32>,
    backup_offset: Option<i32>,
    /// The day on which the first lawyer has the first shift.
    pub first_day: NaiveDate,
    /// Moves with every change.
    pub version: i32,
}

impl Rotation {
    /// Its lawyers, shifts and order.
    pub fn pattern(&self) -> Pattern {
        let slot = |(minute, hours): (&i32, &i32)| Slot { minute: *minute, hours: *hours };
        Pattern {
            lawyers: self.lawyers.clone(),
            slots: self.starts.iter().zip(&self.hours).map(slot).collect(),
            backup: self.backup_offset.and_then(|offset| usize::try_from(offset).ok()),
            first_day: self.first_day,
        }
    }
}

/// What is said of a rotation.
#[derive(Debug, Clone)]
pub struct RotationTerms {
    /// What people call it.
    pub name: String,
    /// Who, when and in which order.
    pub pattern: Pattern,
}

async fn known(tx: &mut Conn, scope: &OrgScope, of: &[Uuid]) -> Result<(), Problem> {
    let within = lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end()));
    let found: Vec<Uuid> =
        lawyers::table.filter(lawyers::id.eq_any(of).and(within)).select(lawyers::id).load(tx).await?;
    match of.iter().position(|id| !found.contains(id)) {
        None => Ok(()),
        Some(at) => {
            let unknown = Invalid::new("LAWYER_UNKNOWN", "律师不存在或不在本级范围内。");
            Err(Problem::invalid(&format!("/lawyer_ids/{at}"), unknown))
        }
    }
}

fn columns(pattern: &Pattern) -> (Vec<i32>, Vec<i32>, Option<i32>) {
    let backup = pattern.backup.and_then(|offset| i32::try_from(offset).ok());
    let (starts, hours) = pattern.slots.iter().map(|slot| (slot.minute, slot.hours)).unzip();
    (starts, hours, backup)
}

/// Enters a rotation of a union.
///
/// # Errors
/// `VALIDATION_FAILED` for a lawyer out of scope.
pub async fn create(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    union: Uuid,
    terms: &RotationTerms,
) -> Result<Rotation, Problem> {
    known(tx, scope, &terms.pattern.lawyers).await?;
    let (starts, hours, backup) = columns(&terms.pattern);
    let made: Rotation = diesel::insert_into(rows::table)
        .values((
            rows::id.eq(core.id()),
            rows::org_id.eq(union),
            rows::path.eq(scope.start()),
            rows::name.eq(&terms.name),
            rows::lawyers.eq(&terms.pattern.lawyers),
            rows::starts.eq(starts),
            rows::hours.eq(hours),
            rows::backup_offset.eq(backup),
            rows::first_day.eq(terms.pattern.first_day),
            rows::created_at.eq(core.now()),
        ))
        .returning(Rotation::as_returning())
        .get_result(tx)
        .await?;
    let object = ("rotation", Some(made.id));
    let event = actor.event(core.id(), core.now(), Some(&made.path), "rotation.create", object);
    audit::append(tx, &event.changes(json!({"lawyers": made.lawyers.len()}))).await?;
    Ok(made)
}

/// Changes a rotation. What was planned stays until it is planned anew.
///
/// # Errors
/// `STALE`; `VALIDATION_FAILED` for a lawyer out of scope.
pub async fn change(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    before: &Rotation,
    terms: &RotationTerms,
) -> Result<Rotation, Problem> {
    known(tx, scope, &terms.pattern.lawyers).await?;
    let (starts, hours, backup) = columns(&terms.pattern);
    let read = rows::table.find(before.id).filter(rows::version.eq(before.version));
    let changed: Option<Rotation> = diesel::update(read)
        .set((
            rows::name.eq(&terms.name),
            rows::lawyers.eq(&terms.pattern.lawyers),
            rows::starts.eq(starts),
            rows::hours.eq(hours),
            rows::backup_offset.eq(backup),
            rows::first_day.eq(terms.pattern.first_day),
            rows::version.eq(rows::version + 1),
        ))
        .returning(Rotation::as_returning())
        .get_result(tx)
        .await
        .optional()?;
    let changed = changed.ok_or_else(|| Problem::new(Code::Stale))?;
    let object = ("rotation", Some(changed.id));
    let event = actor.event(core.id(), core.now(), Some(&changed.path), "rotation.change", object);
    audit::append(tx, &event.changes(json!({"lawyers": [before.lawyers.len(), changed.lawyers.len()]})))
        .await?;
    Ok(changed)
}

/// A rotation of a scope, locked.
///
/// # Errors
/// `NOT_FOUND` when it is absent or out of scope.
pub async fn get(conn: &mut Conn, scope: &OrgScope, id: Uuid) -> Result<Rotation, Problem> {
    let within = rows::path.ge(scope.start()).and(rows::path.lt(scope.end()));
    let found = rows::table.find(id).filter(within).select(Rotation::as_select());
    found.for_update().first(conn).await.optional()?.ok_or_else(Problem::not_found)
}

/// A page of the rotations of a scope, by id.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    scope: &OrgScope,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Page<Rotation>, Problem> {
    let found = rows::table
        .filter(rows::path.ge(scope.start()).and(rows::path.lt(scope.end())))
        .filter(rows::id.gt(after.unwrap_or(Uuid::nil())))
        .order(rows::id)
        .limit(limit + 1)
        .select(Rotation::as_select());
    Ok(Page::cut(found.load(conn).await?, limit))
}

/// What planning came to.
#[derive(Debug)]
pub struct Generated {
    /// How many shifts were planned.
    pub planned: usize,
    /// How many planned ones of before they took the place of.
    pub replaced: usize,
    /// Shifts for which nobody is free.
    pub unfilled: Vec<Period>,
    /// When nobody would be on duty for the union if everything planned were published.
    pub gaps: Vec<Gap>,
}

// When the lawyers cannot. Their rows are what two plans for one lawyer queue up at.
async fn busy(tx: &mut Conn, of: &Rotation, (from, to): Period) -> Result<Busy, Problem> {
    let ids: Vec<Uuid> = lawyers::table
        .filter(lawyers::id.eq_any(&of.lawyers))
        .order(lawyers::id)
        .select(lawyers::id)
        .for_update()
        .load(tx)
        .await?;
    let list = OrgScope::subtree(&of.path);
    let told: Vec<(Uuid, String, String, NaiveDate, NaiveDate)> = lawyers::table
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(lawyers::id.eq_any(&ids))
        .select((lawyers::id, lawyers::path, lawyers::state, lawyers::licence_until, firms::licence_until))
        .load(tx)
        .await?;
    let mut busy = Busy::new();
    let late = to + Duration::days(2);
    for (id, path, state, own, firm) in told {
        let serves = state == "ACTIVE" && list.contains(&path);
        let end = if serves { shanghai_day_start(own.min(firm)) + Duration::days(1) } else { from };
        busy.entry(id).or_default().push((end, late.max(end)));
    }
    let theirs = shifts::lawyer_id.eq_any(&ids).or(shifts::backup_id.eq_any(&ids).assume_not_null());
    let taken: Vec<(Uuid, Option<Uuid>, DateTime<Utc>, DateTime<Utc>)> = shifts::table
        .filter(theirs.and(shifts::state.ne(State::Cancelled.as_str())))
        .filter(shifts::ends_at.gt(from).and(shifts::starts_at.lt(late)))
        .select((shifts::lawyer_id, shifts::backup_id, shifts::starts_at, shifts::ends_at))
        .load(tx)
        .await?;
    for (lawyer, backup, starts, ends) in taken {
        for id in std::iter::once(lawyer).chain(backup) {
            busy.entry(id).or_default().push((starts, ends));
        }
    }
    for leave in leave::of(tx, &ids, (from, late)).await? {
        busy.entry(leave.lawyer_id).or_default().push(leave::instants(leave.from_date, leave.to_date));
    }
    Ok(busy)
}

/// Plans the shifts of days. Planned ones that the rotation made before and nobody touched since are made anew; what is
/// published or was given on by hand stays, and counts as filled.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn generate(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    of: &Rotation,
    days: (NaiveDate, NaiveDate),
) -> Result<Generated, Problem> {
    let (now, range) = (core.now(), leave::instants(days.0, days.1));
    let begins = shifts::starts_at.ge(range.0).and(shifts::starts_at.lt(range.1));
    let own = shifts::rotation_id.eq(of.id).assume_not_null().and(begins);
    let untouched = shifts::state.eq(State::Planned.as_str()).and(shifts::version.eq(1));
    let made_before = shifts::table.filter(own.and(untouched).and(shifts::starts_at.gt(now)));
    let replaced = diesel::delete(made_before).execute(tx).await?;
    let done: Vec<DateTime<Utc>> = shifts::table
        .filter(own.and(shifts::state.ne(State::Cancelled.as_str())))
        .select(shifts::starts_at)
        .load(tx)
        .await?;
    let done: HashSet<DateTime<Utc>> = done.into_iter().collect();
    let made = turns(&of.pattern(), days, now, &done, busy(tx, of, range).await?);
    let rows = made.shifts.iter().map(|new| {
        (
            shifts::id.eq(core.id()),
            shifts::org_id.eq(of.org_id),
            shifts::path.eq(&of.path),
            shifts::lawyer_id.eq(new.lawyer),
            shifts::backup_id.eq(new.backup),
            shifts::starts_at.eq(new.starts_at),
            shifts::ends_at.eq(new.ends_at),
            shifts::state.eq(State::Planned.as_str()),
            shifts::rotation_id.eq(of.id),
            shifts::created_at.eq(now),
        )
    });
    let rows: Vec<_> = rows.collect();
    diesel::insert_into(shifts::table).values(&rows).execute(tx).await?;
    let object = ("rotation", Some(of.id));
    let event = actor.event(core.id(), now, Some(&of.path), "rotation.generate", object);
    let (from, to) = days;
    let told = json!({"from": from, "to": to, "planned": rows.len(), "replaced": replaced});
    audit::append(tx, &event.changes(told)).await?;
    let gaps = gap::gaps(tx, &of.path, (range.0.max(now), range.1), true).await?;
    Ok(Generated { planned: rows.len(), replaced, unfilled: made.unfilled, gaps })
}

/// How many days ahead a roster is published without a reason (E9).
pub const AHEAD_DAYS: i64 = 7;

/// Publishes every planned shift of a union that begins on the days, told to each lawyer once.
///
/// # Errors
/// `INVALID_STATE` when nothing is planned; without a reason also `ROSTER_NEEDS_REASON` with `rule` `notice` when the first begins within
/// seven days and `gap` when somebody would be missing, and `LAWYER_ON_LEAVE`.
pub async fn publish(
    core: &Core,
    tx: &mut Conn,
    (actor, scope): (&Actor, &OrgScope),
    days: (NaiveDate, NaiveDate),
    reason: Option<&str>,
) -> Result<(Vec<Shift>, Vec<Gap>), Problem> {
    let (now, range) = (core.now(), leave::instants(days.0, days.1));
    let planned: Vec<Shift> = shifts::table
        .filter(shifts::path.eq(scope.start()).and(shifts::state.eq(State::Planned.as_str())))
        .filter(shifts::starts_at.ge(range.0).and(shifts::starts_at.lt(range.1)).and(shifts::ends_at.gt(now)))
        .order((shifts::starts_at, shifts::id))
        .select(Shift::as_select())
        .for_update()
        .load(tx)
        .await?;
    let first = planned.as_slice().first().ok_or_else(|| Problem::new(Code::InvalidState))?;
    let gaps = gap::gaps(tx, scope.start(), (range.0.max(now), range.1), true).await?;
    if reason.is_none() {
        let needs = |rule| Err(Problem::new(Code::RosterNeedsReason).with("rule", rule));
        if first.starts_at < now + Duration::days(AHEAD_DAYS) {
            return needs("notice");
        }
        for shift in &planned {
            super::shift::there(tx, shift).await?;
        }
        if !gaps.is_empty() {
            return needs("gap");
        }
    }
    let ids: Vec<Uuid> = planned.iter().map(|shift| shift.id).collect();
    let published: Vec<Shift> = diesel::update(shifts::table.filter(shifts::id.eq_any(&ids)))
        .set((shifts::state.eq(State::Published.as_str()), shifts::version.eq(shifts::version + 1)))
        .returning(Shift::as_returning())
        .get_results(tx)
        .await?;
    let mut event = actor.event(core.id(), now, Some(scope.start()), "roster.publish", ("shift", None));
    if let Some(reason) = reason {
        event = event.reason(reason);
    }
    audit::append(
        tx,
        &event.changes(json!({"from": days.0, "to": days.1, "shifts": ids, "gaps": gaps.len()})),
    )
    .await?;
    crate::notice::of_roster(core, tx, &planned).await?;
    Ok((published, gaps))
}
