//! When nobody is on duty: outside of published shifts, and inside of those whose lawyer cannot be there.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_storage::Conn;
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{State, leave};
use crate::schema::{legal_firm as firms, legal_lawyer as lawyers, legal_shift as shifts};

/// How many days ahead gaps are looked for.
pub const GAP_DAYS: i64 = 30;

/// A period, half-open.
pub type Period = (DateTime<Utc>, DateTime<Utc>);

/// A time in which nobody is on duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Begin, and end, exclusive.
    pub period: Period,
    /// Shifts in it whose lawyer is on leave or suspended, or whose licence or firm's licence is over by then.
    pub shifts: Vec<Uuid>,
}

type Row = (Uuid, Uuid, DateTime<Utc>, DateTime<Utc>, String, NaiveDate, NaiveDate);

/// Times of a period in which nobody is on duty for a union, the earliest first: in its published shifts, or with those in the
/// making as well.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn gaps(
    conn: &mut Conn,
    path: &str,
    within: Period,
    with_planned: bool,
) -> Result<Vec<Gap>, Problem> {
    let states: &[&str] = if with_planned { &["PUBLISHED", "PLANNED"] } else { &["PUBLISHED"] };
    let rows: Vec<Row> = shifts::table
        .inner_join(lawyers::table.on(lawyers::id.eq(shifts::lawyer_id)))
        .inner_join(firms::table.on(firms::id.eq(lawyers::firm_id)))
        .filter(shifts::path.eq(path).and(shifts::state.eq_any(states)))
        .filter(shifts::ends_at.gt(within.0).and(shifts::starts_at.lt(within.1)))
        .order((shifts::starts_at, shifts::id))
        .select((
            shifts::id,
            shifts::lawyer_id,
            shifts::starts_at,
            shifts::ends_at,
            lawyers::state,
            lawyers::licence_until,
            firms::licence_until,
        ))
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.1).collect();
    let leaves = leave::of(conn, &ids, (within.0 - Duration::days(1), within.1 + Duration::days(1))).await?;
    let (mut covered, mut short) = (Vec::new(), Vec::new());
    for (id, lawyer, starts, ends, state, own, firm) in rows {
        let licensed = shanghai_day_start(own.min(firm)) + Duration::days(1);
        let mut away: Vec<Period> = vec![(licensed, licensed.max(ends))];
        let theirs = leaves.iter().filter(|leave| leave.lawyer_id == lawyer);
        away.extend(theirs.map(|leave| leave::instants(leave.from_date, leave.to_date)));
        away.sort_unstable();
        let there = if state == "ACTIVE" { uncovered((starts, ends), &away) } else { Vec::new() };
        if there != [(starts, ends)] {
            short.push((id, starts, ends));
        }
        covered.extend(there);
    }
    covered.sort_unstable();
    let gap = |period: Period| {
        let inside = short.iter().filter(|(_, starts, ends)| *starts < period.1 && *ends > period.0);
        Gap { period, shifts: inside.map(|(id, ..)| *id).collect() }
    };
    Ok(uncovered(within, &covered).into_iter().map(gap).collect())
}

/// What a period has left over once others, sorted by their beginning, are taken out of it.
pub fn uncovered((from, to): Period, covered: &[Period]) -> Vec<Period> {
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

/// Published shifts of the next days in a scope whose lawyer is on leave, at most so many, and when the first begins.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn on_leave(
    conn: &mut Conn,
    scope: &OrgScope,
    now: DateTime<Utc>,
    most: i64,
) -> Result<(i64, Option<DateTime<Utc>>), Problem> {
    let ahead: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = shifts::table
        .filter(shifts::path.ge(scope.start()).and(shifts::path.lt(scope.end())))
        .filter(shifts::state.eq(State::Published.as_str()))
        .filter(shifts::ends_at.gt(now).and(shifts::starts_at.lt(now + Duration::days(GAP_DAYS))))
        .order(shifts::starts_at)
        .select((shifts::lawyer_id, shifts::starts_at, shifts::ends_at))
        .load(conn)
        .await?;
    let ids: Vec<Uuid> = ahead.iter().map(|shift| shift.0).collect();
    let leaves = leave::of(conn, &ids, (now, now + Duration::days(GAP_DAYS + 1))).await?;
    let is_away = |(lawyer, starts, ends): &&(Uuid, DateTime<Utc>, DateTime<Utc>)| {
        leaves.iter().filter(|leave| leave.lawyer_id == *lawyer).any(|leave| {
            let (from, to) = leave::instants(leave.from_date, leave.to_date);
            from < *ends && *starts < to
        })
    };
    let away: Vec<_> = ahead.iter().filter(is_away).collect();
    let count = i64::try_from(away.len()).unwrap_or(most).min(most);
    Ok((count, away.as_slice().first().map(|shift| shift.1)))
}
