//! Background work: coupons that were claimed and not used give back what they held, once, after their last day. A
//! code that was given is gone and gives nothing back.

use diesel::sql_types::{BigInt, Date, Timestamptz};
use diesel_async::RunQueryDsl;
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Worker};
use unionhall_storage::{Conn, Core};

/// The daily return of expired coupons.
pub const RETURN_EXPIRED: &str = "coupon.return_expired";
const BATCH: i64 = 1_000;

// Each coupon is marked under the condition that it was not yet, and only marked ones are subtracted: running
// twice, or on two workers, does no harm.
const SQL: &str = "\
WITH gone AS (
    UPDATE coupon SET returned_at = $1
    WHERE id IN (SELECT id FROM coupon
                 WHERE state = 'CLAIMED' AND returned_at IS NULL AND expires_on < $2
                   AND NOT EXISTS (SELECT FROM campaign_code g WHERE g.given_to = coupon.id)
                 ORDER BY campaign_id, id LIMIT $3 FOR UPDATE SKIP LOCKED)
      AND state = 'CLAIMED' AND returned_at IS NULL
    RETURNING campaign_id, reserved_fen
), sums AS (
    SELECT campaign_id, count(*) AS n, sum(reserved_fen)::bigint AS fen FROM gone GROUP BY campaign_id
), given AS (
    UPDATE campaign_counter q
    SET quota_used = q.quota_used - s.n, budget_used_fen = q.budget_used_fen - s.fen
    FROM sums s WHERE q.campaign_id = s.campaign_id
)
SELECT count(*) AS n FROM gone";

/// Teaches the worker this room's tasks.
#[must_use]
pub fn handle(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker.handle(RETURN_EXPIRED, move |_| {
        let core = core.clone();
        async move { return_expired(&core).await.map(|_| ()) }
    })
}

/// Enqueues what is due today; any number of calls enqueue it once.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    let dedupe = format!("{RETURN_EXPIRED}:{}", core.today());
    tasks::enqueue(conn, core.id(), core.now(), RETURN_EXPIRED, Some(&dedupe), &json!({})).await
}

/// Returns what expired coupons hold; answers how many there were.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn return_expired(core: &Core) -> Result<i64, Problem> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let (now, today) = (core.now(), core.today());
    let mut all = 0;
    loop {
        let count = core
            .db
            .write(async |tx| {
                let query = diesel::sql_query(SQL)
                    .bind::<Timestamptz, _>(now)
                    .bind::<Date, _>(today)
                    .bind::<BigInt, _>(BATCH);
                Ok(query.get_result::<Count>(tx).await?.n)
            })
            .await?;
        all += count;
        if count < BATCH {
            return Ok(all);
        }
    }
}
