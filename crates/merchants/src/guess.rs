//! Guessing at the eight digits: a branch has thirty tries in ten minutes, and what was right gives its try back.
//! The try is taken before the digits are looked up, so that asking in parallel gains nothing.

use chrono::{DateTime, Duration, Utc};
use diesel::sql_types::{Int4, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Problem};
use unionhall_storage::Core;
use uuid::Uuid;

const WINDOW: Duration = Duration::minutes(10);
const TRIES: i32 = 30;

/// A try that was taken.
#[derive(Debug)]
pub struct Try {
    branch: Uuid,
    since: DateTime<Utc>,
}

#[derive(diesel::QueryableByName)]
struct Taken {
    #[diesel(sql_type = Int4)]
    tries: i32,
    #[diesel(sql_type = Timestamptz)]
    since: DateTime<Utc>,
}

/// Takes a try of a branch's.
///
/// # Errors
/// `RATE_LIMITED` with the seconds until the window ends.
pub async fn take(core: &Core, branch: Uuid) -> Result<Try, Problem> {
    let now = core.now();
    let taken: Taken = diesel::sql_query(
        "INSERT INTO verification_guess AS g (branch_id, since, tries) VALUES ($1, $2, 1) \
         ON CONFLICT (branch_id) DO UPDATE SET \
           tries = CASE WHEN g.since <= $3 THEN 1 ELSE least(g.tries, $4) + 1 END, \
           since = CASE WHEN g.since <= $3 THEN $2 ELSE g.since END \
         RETURNING tries, since",
    )
    .bind::<SqlUuid, _>(branch)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now - WINDOW)
    .bind::<Int4, _>(TRIES)
    .get_result(&mut *core.db.writer().await?)
    .await?;
    if taken.tries > TRIES {
        let left = (taken.since + WINDOW - now).num_seconds();
        let left = u32::try_from(left).unwrap_or(0).saturating_add(1);
        return Err(Problem::new(Code::RateLimited).retry_after(left));
    }
    Ok(Try { branch, since: taken.since })
}

/// Gives a try back, in the window it was taken in.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn give_back(core: &Core, taken: Try) -> Result<(), Problem> {
    diesel::sql_query(
        "UPDATE verification_guess SET tries = tries - 1 WHERE branch_id = $1 AND since = $2 AND tries > 0",
    )
    .bind::<SqlUuid, _>(taken.branch)
    .bind::<Timestamptz, _>(taken.since)
    .execute(&mut *core.db.writer().await?)
    .await?;
    Ok(())
}
