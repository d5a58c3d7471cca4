//! What the legal department does with shifts.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::{Code, Invalid, Problem, shanghai_date};
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::{NewShift, Shift, State, leave, offer};
use crate::notice::{self, Kind};
use crate::schema::{legal_firm as firms, legal_lawyer as lawyers, legal_shift as shifts};

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
pub(super) async fn lock(tx: &mut Conn, scope: &OrgScope, id: Uuid, pointer: &str) -> Result<(), Problem> {
    let within = lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end()));
    let of = lawyers::table.find(id).filter(within).filter(lawyers::state.eq("ACTIVE"));
    let found: Option<Uuid> = of.select(lawyers::id).for_update().first(tx).await.optional()?;
    let unknown =
        || Problem::invalid(pointer, Invalid::new("LAWYER_UNKNOWN", "律师不存在或不在本级范围内。"));
    found.map(drop).ok_or_else(unknown)
}

// Whether a lawyer can be there: no other shift, both licences run to its end, no leave.
pub(super) async fn fit(
    tx: &mut Conn,
    lawyer: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    but: Option<Uuid>,
) -> Result<(), Problem> {
    free(tx, lawyer, (from, to), but).await?;
    let last = shanghai_date(to - Duration::milliseconds(1));
    let licensed = lawyers::table.inner_join(firms::table.on(firms::id.eq(lawyers::firm_id))).filter(
        lawyers::id.eq(lawyer).and(lawyers::licence_until.ge(last)).and(firms::licence_until.ge(last)),
    );
    if !diesel::select(diesel::dsl::exists(licensed)).get_result::<bool>(tx).await? {
        return Err(Problem::new(Code::LicenceEnds));
    }
    at_work(tx, lawyer, (from, to)).await
}

async fn at_work(tx: &mut Conn, lawyer: Uuid, period: (DateTime<Utc>, DateTime<Utc>)) -> Result<(), Problem> {
    match leave::is_away(tx, lawyer, period).await? {
        true => Err(Problem::new(Code::LawyerOnLeave)),
        false => Ok(()),
    }
}

// Whether neither the lawyer of a shift nor the backup is on leave in it.
pub(super) async fn there(tx: &mut Conn, shift: &Shift) -> Result<(), Problem> {
    for lawyer in std::iter::once(shift.lawyer_id).chain(shift.backup_id) {
        at_work(tx, lawyer, (shift.starts_at, shift.ends_at)).await?;
    }
    Ok(())
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

/// Publishes a planned shift. A reason overrides a leave.
///
/// # Errors
/// `INVALID_STATE` when it is not planned or is over; `LAWYER_ON_LEAVE` without a reason, for the lawyer or the backup.
pub async fn publish(
    core: &Core,
    tx: &mut Conn,
    actor: &Actor,
    before: &Shift,
    reason: Option<&str>,
) -> Result<Shift, Problem> {
    if before.state() != State::Planned || before.ends_at <= core.now() {
        return Err(Problem::new(Code::InvalidState));
    }
    if reason.is_none() {
        there(tx, before).await?;
    }
    let published = turn(core, tx, actor, (before, State::Published, reason), "shift.publish").await?;
    told(core, tx, (Kind::ShiftPublished, &published), ["排班已发布，由您值班。", "排班已发布，由您备勤。"])
        .await?;
    Ok(published)
}

// Tells the lawyer of a shift and the backup, each in their words.
async fn told(
    core: &Core,
    tx: &mut Conn,
    about: (Kind, &Shift),
    [own, backing]: [&str; 2],
) -> Result<(), Problem> {
    notice::of_shift(core, tx, about.1.lawyer_id, about, own).await?;
    match about.1.backup_id {
        Some(backup) => notice::of_shift(core, tx, backup, about, backing).await,
        None => Ok(()),
    }
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
    let cancelled = turn(core, tx, actor, (before, State::Cancelled, Some(reason)), "shift.cancel").await?;
    offer::end(tx, before.id, "WITHDRAWN").await?;
    if before.state() == State::Published {
        told(core, tx, (Kind::ShiftCancelled, &cancelled), ["已取消。", "已取消，无需备勤。"]).await?;
    }
    Ok(cancelled)
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
    offer::end(tx, before.id, "WITHDRAWN").await?;
    if changed.state() == State::Published {
        let about = (Kind::ShiftChanged, &changed);
        notice::of_shift(core, tx, before.lawyer_id, about, "已调整，由其他律师值班。").await?;
        told(core, tx, about, ["已调整，由您值班。", "值班律师已更换，您仍为备勤。"]).await?;
    }
    Ok(changed)
}
