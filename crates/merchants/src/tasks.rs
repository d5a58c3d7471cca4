//! Background work: coupons that were claimed and not used give back what they held, once, after their last day. A
//! code that was given is gone and gives nothing back. Whoever holds a coupon is reminded before its last day.

use chrono::{Days, NaiveDate};
use diesel::sql_types::{BigInt, Date, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_storage::tasks::{self, Leased, Worker};
use unionhall_storage::{Conn, Core, outbox};
use uuid::Uuid;

/// The daily return of expired coupons.
pub const RETURN_EXPIRED: &str = "coupon.return_expired";
/// The daily reminder of coupons that are about to expire.
pub const REMIND: &str = "coupon.remind";
/// Published for coupons that are about to expire: [`Expiring`]. A reminder that was cut off publishes again what it
/// had published; whoever listens tells a coupon by its id.
pub const EXPIRING: &str = "coupon.expiring";
/// Days between a reminder and the coupon's last day.
pub const REMIND_DAYS: u64 = 3;
const BATCH: i64 = 1_000;
/// Coupons of one event.
const REMINDED: usize = 200;

/// What [`EXPIRING`] says: coupons with the same last day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Expiring {
    /// The last day, Shanghai.
    pub expires_on: NaiveDate,
    /// The coupons.
    pub coupons: Vec<ExpiringCoupon>,
}

/// A coupon of [`Expiring`].
#[derive(Debug, Clone, Serialize, Deserialize, diesel::QueryableByName)]
pub struct ExpiringCoupon {
    /// The coupon.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Whose.
    #[diesel(sql_type = SqlUuid)]
    pub person_id: Uuid,
    /// The offer's title.
    #[diesel(sql_type = Text)]
    pub title: String,
}

// Whoever claimed it today has seen the date. Of a code that was given nobody knows whether it is still to be used.
const TO_REMIND: &str = "\
SELECT c.id, c.person_id, a.title FROM coupon c JOIN campaign a ON a.id = c.campaign_id \
WHERE c.state = 'CLAIMED' AND c.returned_at IS NULL AND c.expires_on = $1 AND c.claimed_at < $2 AND c.id > $3 \
  AND NOT EXISTS (SELECT FROM campaign_code g WHERE g.given_to = c.id) \
ORDER BY c.id LIMIT $4";

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
    let (returning, reminding) = (core.clone(), core.clone());
    worker
        .handle(RETURN_EXPIRED, move |_| {
            let core = returning.clone();
            async move { return_expired(&core).await.map(|_| ()) }
        })
        .handle(REMIND, move |leased| {
            let core = reminding.clone();
            async move { remind(&core, &leased).await }
        })
}

/// Enqueues what is due today; any number of calls enqueue it once.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    let today = core.today();
    for (kind, payload) in [(RETURN_EXPIRED, json!({})), (REMIND, json!({"today": today}))] {
        let dedupe = format!("{kind}:{today}");
        tasks::enqueue(conn, core.id(), core.now(), kind, Some(&dedupe), &payload).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Reminder {
    today: NaiveDate,
}

// Goes through the coupons of one last day, an event for each batch.
async fn remind(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let Reminder { today } = serde_json::from_value(leased.payload.clone())?;
    let Some(expires_on) = today.checked_add_days(Days::new(REMIND_DAYS)) else { return Ok(()) };
    let limit = i64::try_from(REMINDED).map_err(Problem::internal)?;
    let mut last = Uuid::nil();
    loop {
        let coupons = core
            .db
            .write(async |tx| {
                tasks::extend(tx, leased.id, core.now()).await?;
                let coupons: Vec<ExpiringCoupon> = diesel::sql_query(TO_REMIND)
                    .bind::<Date, _>(expires_on)
                    .bind::<Timestamptz, _>(shanghai_day_start(today))
                    .bind::<SqlUuid, _>(last)
                    .bind::<BigInt, _>(limit)
                    .load(tx)
                    .await?;
                if !coupons.is_empty() {
                    let news = Expiring { expires_on, coupons: coupons.clone() };
                    outbox::publish(tx, core.id(), core.now(), EXPIRING, &news).await?;
                }
                Ok(coupons)
            })
            .await?;
        match coupons.as_slice().last() {
            Some(coupon) if coupons.len() == REMINDED => last = coupon.id,
            _ => return Ok(()),
        }
    }
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
