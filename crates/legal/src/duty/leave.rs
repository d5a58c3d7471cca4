//! Leave 请假: Shanghai days on which a lawyer is not there. Shifts in it are gaps until somebody else has them.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_kernel::{Code, Invalid, Problem, shanghai_date};
use unionhall_storage::page::Page;
use unionhall_storage::{Conn, Core, audit};
use unionhall_web::actor::EventExt;
use unionhall_web::{Actor, OrgScope};
use uuid::Uuid;

use super::State;
use crate::schema::{legal_lawyer as lawyers, legal_leave as rows, legal_shift as shifts};

/// The longest leave, days.
pub const MAX_DAYS: i64 = 366;

/// A leave that stands.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = rows)]
pub struct Leave {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub lawyer_id: Uuid,
    /// First day.
    pub from_date: NaiveDate,
    /// Last day.
    pub to_date: NaiveDate,
}

/// Instants of days, the last one included.
pub fn instants(from: NaiveDate, to: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    (shanghai_day_start(from), shanghai_day_start(to) + Duration::days(1))
}

/// Enters one's own leave; answers how many published shifts of theirs are in it.
///
/// # Errors
/// `VALIDATION_FAILED` for days that are past, out of order or too many; `ALREADY_EXISTS` where another leave has one of them.
pub async fn enter(
    core: &Core,
    tx: &mut Conn,
    (actor, me): (&Actor, Uuid),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(Leave, i64), Problem> {
    if from < core.today() {
        return Err(Problem::invalid("/from_date", Invalid::new("DATE_PAST", "请假日期不能早于今天。")));
    }
    if to < from || (to - from).num_days() >= MAX_DAYS {
        let invalid = Invalid::new("OUT_OF_RANGE", "结束日期不能早于开始日期，且不超过366天。");
        return Err(Problem::invalid("/to_date", invalid));
    }
    // Two leaves at once, and a leave and a swap, queue up at the lawyer's row.
    let path: String = lawyers::table.find(me).select(lawyers::path).for_update().first(tx).await?;
    if is_away(tx, me, instants(from, to)).await? {
        return Err(Problem::new(Code::AlreadyExists));
    }
    let made: Leave = diesel::insert_into(rows::table)
        .values((
            rows::id.eq(core.id()),
            rows::lawyer_id.eq(me),
            rows::from_date.eq(from),
            rows::to_date.eq(to),
            rows::created_at.eq(core.now()),
        ))
        .returning(Leave::as_returning())
        .get_result(tx)
        .await?;
    let (begins, ends) = instants(from, to);
    let theirs = shifts::lawyer_id.eq(me).or(shifts::backup_id.eq(me).assume_not_null());
    let within = shifts::starts_at.lt(ends).and(shifts::ends_at.gt(begins));
    let within = within.and(shifts::state.eq(State::Published.as_str())).and(shifts::ends_at.gt(core.now()));
    let affected = shifts::table.filter(theirs.and(within)).count().get_result(tx).await?;
    let event = actor.event(core.id(), core.now(), Some(&path), "leave.enter", ("leave", Some(made.id)));
    audit::append(tx, &event.changes(json!({"from": from, "to": to, "shifts": affected}))).await?;
    Ok((made, affected))
}

/// Takes one's own leave back, as far as it is not over.
///
/// # Errors
/// `NOT_FOUND` unless it is one's own and stands; `INVALID_STATE` when it is over.
pub async fn withdraw(
    core: &Core,
    tx: &mut Conn,
    (actor, me): (&Actor, Uuid),
    id: Uuid,
) -> Result<(), Problem> {
    let path: String = lawyers::table.find(me).select(lawyers::path).for_update().first(tx).await?;
    let own = rows::table.find(id).filter(rows::lawyer_id.eq(me).and(rows::withdrawn_at.is_null()));
    let found: Option<Leave> = own.select(Leave::as_select()).for_update().first(tx).await.optional()?;
    let leave = found.ok_or_else(Problem::not_found)?;
    if leave.to_date < core.today() {
        return Err(Problem::new(Code::InvalidState));
    }
    diesel::update(rows::table.find(id)).set(rows::withdrawn_at.eq(core.now())).execute(tx).await?;
    let event = actor.event(core.id(), core.now(), Some(&path), "leave.withdraw", ("leave", Some(id)));
    audit::append(tx, &event.changes(json!({"from": leave.from_date, "to": leave.to_date}))).await
}

/// Whether a lawyer is on leave at some time of a period.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn is_away(
    conn: &mut Conn,
    lawyer: Uuid,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Problem> {
    let (first, last) = (shanghai_date(from), shanghai_date(to - Duration::milliseconds(1)));
    let overlapping = rows::table
        .filter(rows::lawyer_id.eq(lawyer).and(rows::withdrawn_at.is_null()))
        .filter(rows::from_date.le(last).and(rows::to_date.ge(first)));
    Ok(diesel::select(diesel::dsl::exists(overlapping)).get_result(conn).await?)
}

/// The leaves of lawyers that touch a period.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn of(
    conn: &mut Conn,
    lawyers: &[Uuid],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Leave>, Problem> {
    let (first, last) = (shanghai_date(from), shanghai_date(to - Duration::milliseconds(1)));
    let found = rows::table
        .filter(rows::lawyer_id.eq_any(lawyers).and(rows::withdrawn_at.is_null()))
        .filter(rows::from_date.le(last).and(rows::to_date.ge(first)))
        .order(rows::from_date)
        .select(Leave::as_select());
    Ok(found.load(conn).await?)
}

/// Whose leaves.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of the lawyers of a scope.
    Scope(&'a OrgScope),
    /// One's own.
    Lawyer(Uuid),
}

/// A page of leaves that stand and are not over, by their first day, with names.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn list(
    conn: &mut Conn,
    whose: Whose<'_>,
    today: NaiveDate,
    key: Option<&(NaiveDate, Uuid)>,
    limit: i64,
) -> Result<Page<(Leave, String)>, Problem> {
    let mut query = rows::table
        .inner_join(lawyers::table.on(lawyers::id.eq(rows::lawyer_id)))
        .filter(rows::withdrawn_at.is_null().and(rows::to_date.ge(today)))
        .order((rows::from_date, rows::id))
        .limit(limit + 1)
        .select((Leave::as_select(), lawyers::name))
        .into_boxed();
    query = match whose {
        Whose::Lawyer(id) => query.filter(rows::lawyer_id.eq(id)),
        Whose::Scope(scope) => {
            query.filter(lawyers::path.ge(scope.start()).and(lawyers::path.lt(scope.end())))
        }
    };
    if let Some((day, id)) = key {
        query = query.filter(rows::from_date.gt(day).or(rows::from_date.eq(day).and(rows::id.gt(id))));
    }
    Ok(Page::cut(query.load(conn).await?, limit))
}
