//! When nobody is on duty.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_web::OrgScope;

use super::State;
use crate::schema::legal_shift as shifts;

/// How many days ahead gaps are looked for.
pub const GAP_DAYS: i64 = 30;

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
