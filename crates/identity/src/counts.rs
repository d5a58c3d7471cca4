//! Counters that must hold without Redis: daily caps and the delay that grows with failed logins.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Date, Int4, Text};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::{Conn, Core};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int4)]
    n: i32,
}

/// Counts one more of `kind` for `key` on a Shanghai day, up to `cap`; answers how many are left, or `None`
/// when the cap was reached before this one.
///
/// # Errors
/// `INTERNAL` when the database refuses.
pub async fn take(
    conn: &mut Conn,
    kind: &str,
    key: &[u8],
    day: NaiveDate,
    cap: i32,
) -> Result<Option<i32>, Problem> {
    let taken: Option<Count> = diesel::sql_query(
        "INSERT INTO account_day_count AS c (kind, key, day, n) VALUES ($1, $2, $3, 1) \
         ON CONFLICT (kind, key, day) DO UPDATE SET n = c.n + 1 WHERE c.n < $4 RETURNING n",
    )
    .bind::<Text, _>(kind)
    .bind::<Binary, _>(key)
    .bind::<Date, _>(day)
    .bind::<Int4, _>(cap)
    .get_result(conn)
    .await
    .optional()?;
    Ok(taken.map(|c| cap - c.n))
}

/// Real-name tries a day, by account and by document.
pub const REAL_NAME_TRIES: i32 = 5;

/// Requests for a new mobile a day, by the new mobile and by document.
pub const MOBILE_CHANGE_TRIES: i32 = 5;

/// Failures that cost nothing, before the delay begins.
const FREE_FAILURES: i32 = 3;
/// The longest delay. Short enough that nobody can keep a cadre out by failing in their name.
const MAX_DELAY_SECONDS: i64 = 60;
/// After so long without a failure the count starts again.
const FORGET_MINUTES: i64 = 30;

/// How long the next try must wait after `failures` failures: 0 for the first three, then 1, 2, 4 … 60 s.
pub fn delay_after(failures: i32) -> Duration {
    let over = failures - FREE_FAILURES;
    if over <= 0 {
        return Duration::zero();
    }
    let seconds = 1_i64.checked_shl(u32::try_from(over - 1).unwrap_or(0)).unwrap_or(MAX_DELAY_SECONDS);
    Duration::seconds(seconds.clamp(1, MAX_DELAY_SECONDS))
}

/// Takes a try of `key`: seconds still to wait, or 0 when the try may be judged. The try counts as a failure before
/// it is judged, so tries sent together wait like tries sent one after another; a success forgets them.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn attempt(core: &Core, key: &[u8]) -> Result<u32, Problem> {
    use crate::schema::account_failure as f;
    let now = core.now();
    core.db
        .write(async |tx| {
            // The row is there and locked before it is read: whoever comes second sees the first.
            diesel::insert_into(f::table)
                .values((f::key.eq(key), f::failures.eq(0), f::last_at.eq(now)))
                .on_conflict_do_nothing()
                .execute(tx)
                .await?;
            let (failures, last_at): (i32, DateTime<Utc>) =
                f::table.find(key).select((f::failures, f::last_at)).for_update().first(tx).await?;
            let old = now - last_at > Duration::minutes(FORGET_MINUTES);
            let failures = if old { 0 } else { failures };
            let left = last_at + delay_after(failures) - now;
            let wait = u32::try_from((left.num_milliseconds() + 999).max(0) / 1000).unwrap_or(0);
            if wait == 0 {
                let next = (f::failures.eq(failures + 1), f::last_at.eq(now));
                diesel::update(f::table.find(key)).set(next).execute(tx).await?;
            }
            Ok(wait)
        })
        .await
}

/// Takes back one counted try: the password was right and only the second factor was not sent along.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn forgive(conn: &mut Conn, key: &[u8]) -> Result<(), Problem> {
    use crate::schema::account_failure as f;
    diesel::update(f::table.find(key)).set(f::failures.eq(f::failures - 1)).execute(conn).await?;
    Ok(())
}

/// Forgets the failures of `key` after a success.
///
/// # Errors
/// `INTERNAL` when the row cannot be removed.
pub async fn succeeded(conn: &mut Conn, key: &[u8]) -> Result<(), Problem> {
    use crate::schema::account_failure;
    diesel::delete(account_failure::table.find(key)).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_stays_bounded() {
        let seconds: Vec<i64> = (0..12).map(|n| delay_after(n).num_seconds()).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay_after(i32::MAX).num_seconds(), 60);
    }
}
