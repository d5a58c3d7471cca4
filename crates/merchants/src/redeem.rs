//! Redemption 核销: one autocommit statement (`redeem.sql`) that does everything or nothing.
//!
//! How it stands up to concurrency, under READ COMMITTED:
//! * Everything is judged once, from the statement's snapshot, in one row (`judged`), in the order a person at
//!   the till understands; the key's stored answer comes before all of it.
//! * The *burn* is the gate. `UPDATE … WHERE last_step < $step` waits for the row and judges it again, so of
//!   any number of copies of one code one passes; the others see no row, and since every later part reads from
//!   it, they change nothing.
//! * What else may have changed between snapshot and lock is held by named constraints, never by a second
//!   look: caps by checks on the counter, limits per member and "a coupon is used once" by one partial unique
//!   index, "not returned already" by a check on the coupon, the key by the primary key of `idempotency`. A
//!   violation aborts the statement and with it the burn; its name says what to answer.
//! * No refusal is answered before the key was looked up once more: the first request with this key may have
//!   committed since the snapshot.
//!
//! It runs in a task of the database's runtime, so a client that hangs up cannot cut it in half.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Binary, Date, Int4, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::{Code, Fen, Invalid, Problem};
use unionhall_storage::db::{GivenUp, classify, given_up, violated};
use unionhall_storage::hot::{bind, hot};
use unionhall_storage::once::{Key, Stored, note_replay, replay};
use unionhall_storage::{Conn, Core};
use unionhall_web::wire;
use uuid::Uuid;

use crate::{Merchants, eligible, receipt};

/// How often a statement that lost a race is tried in all.
const ATTEMPTS: u32 = 6;
const SQL: &str = include_str!("redeem.sql");

/// How a redemption came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A cashier scanned the member's code: this card, this step, at the hands of this place on the staff.
    Till {
        /// The card's ordinal for its holder.
        n: i32,
        /// The step of the code that was shown; burned.
        step: i64,
        /// The place on the staff.
        staff: Uuid,
    },
    /// The member scanned the branch's printed QR; nothing to burn.
    BranchQr,
}

/// What is to be redeemed.
#[derive(Debug, Clone)]
pub struct Order {
    /// The key of the request.
    pub key: Key,
    /// The holder.
    pub person: Uuid,
    /// How.
    pub via: Via,
    /// Where.
    pub branch: Uuid,
    /// The campaign; not needed with a coupon.
    pub campaign: Option<Uuid>,
    /// The coupon.
    pub coupon: Option<Uuid>,
    /// What the goods cost.
    pub amount: Option<Fen>,
}

type Row = (
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<i16>,
    Option<Vec<u8>>,
    Option<String>,
);
type RowSql = (
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<Binary>,
    Nullable<Binary>,
    Nullable<SmallInt>,
    Nullable<Binary>,
    Nullable<Text>,
);

enum Outcome {
    Done(Stored),
    Refused(Problem),
    Again,
}

/// Redeems an offer.
///
/// # Errors
/// `CARD_QR_USED`, `CARD_NOT_VALID`, `NOT_FOUND`, `NOT_OPEN`, `NOT_ELIGIBLE` with its rule, `COUPON_USED`,
/// `ALREADY_HAVE`, `SOLD_OUT`, `VALIDATION_FAILED` for a missing amount, `IDEMPOTENCY_KEY_REUSED`, `IN_PROGRESS`.
pub async fn redeem(merchants: &Merchants, order: Order) -> Result<Stored, Problem> {
    let core = merchants.core.clone();
    let guard = merchants.running.enter();
    let task = merchants.core.db.runtime().spawn(async move {
        let _guard = guard;
        let answer = attempt(&core, &order).await;
        if let Err(problem) = &answer {
            let code = problem.code.entry().code;
            metrics::counter!("unionhall_redemptions_refused_total", "code" => code).increment(1);
        }
        answer
    });
    task.await?
}

/// The answer to a refusal: what the first request with this key was answered, if it has one by now.
///
/// # Errors
/// `refusal` when there is none; `IDEMPOTENCY_KEY_REUSED`.
pub async fn refuse(core: &Core, key: &Key, refusal: Problem) -> Result<Stored, Problem> {
    let mut conn = core.db.writer().await?;
    replay(&mut conn, key).await?.ok_or(refusal)
}

async fn attempt(core: &Core, order: &Order) -> Result<Stored, Problem> {
    let mut conn = core.db.writer().await?;
    for _ in 0..ATTEMPTS {
        match once(core, &mut conn, order).await? {
            Outcome::Done(stored) => return Ok(stored),
            Outcome::Refused(problem) => return replay(&mut conn, &order.key).await?.ok_or(problem),
            Outcome::Again => metrics::counter!("unionhall_redemption_retries_total").increment(1),
        }
    }
    Err(Problem::new(Code::Unavailable).retry_after(1))
}

async fn once(core: &Core, conn: &mut Conn, order: &Order) -> Result<Outcome, Problem> {
    let (now, today): (DateTime<Utc>, NaiveDate) = (core.now(), core.today());
    let Order { key, person, via, branch, campaign, coupon, amount } = order;
    let (word, location, n, step, staff, check) = match *via {
        Via::Till { n, step, staff } => {
            ("till", "/v1/merchant/redemptions/", Some(n), Some(step), Some(staff), None)
        }
        Via::BranchQr => ("branch_qr", "/v1/me/redemptions/", None, None, None, Some(core.ids.digits(4))),
    };
    let statement = hot::<RowSql, _>(
        SQL,
        (
            bind::<SqlUuid, _>(key.account),
            bind::<Text, _>(key.operation),
            bind::<Text, _>(key.key.as_str()),
            bind::<Binary, _>(key.body_hash.as_slice()),
            bind::<Timestamptz, _>(now),
            bind::<Date, _>(today),
            bind::<SqlUuid, _>(*person),
            bind::<Nullable<Int4>, _>(n),
            bind::<Nullable<BigInt>, _>(step),
            bind::<SqlUuid, _>(*branch),
            bind::<Nullable<SqlUuid>, _>(staff),
            bind::<Nullable<SqlUuid>, _>(*campaign),
            bind::<Nullable<SqlUuid>, _>(*coupon),
            bind::<Nullable<BigInt>, _>(amount.map(Fen::get)),
            bind::<SqlUuid, _>(core.id()),
            bind::<Text, _>(receipt::new(core.ids.as_ref(), today)),
            bind::<SqlUuid, _>(core.id()),
            bind::<Text, _>(word),
            bind::<Nullable<Text>, _>(check),
            bind::<Text, _>(wire::instant(now)),
            bind::<Text, _>(location),
        ),
    );
    match statement.get_result::<Row>(conn).await {
        Ok(row) => read(row, order),
        Err(error) => violation(error),
    }
}

fn read(row: Row, order: &Order) -> Result<Outcome, Problem> {
    let (refusal, min_spend, body, hash, status, response, location) = row;
    if let Some(hash) = hash {
        note_replay();
        if hash != order.key.body_hash {
            return Err(Problem::new(Code::IdempotencyKeyReused));
        }
        let status = status.and_then(|s| u16::try_from(s).ok());
        return Ok(match (status, response) {
            (Some(status), Some(body)) => Outcome::Done(Stored { status, body, location }),
            _ => Outcome::Refused(Problem::new(Code::InProgress).retry_after(1)),
        });
    }
    if let Some(word) = refusal {
        return Ok(Outcome::Refused(refusal_of(&word, min_spend)));
    }
    Ok(match body {
        Some(body) => {
            metrics::counter!("unionhall_redemptions_total").increment(1);
            let location = match order.via {
                Via::Till { .. } => "/v1/merchant/redemptions/",
                Via::BranchQr => "/v1/me/redemptions/",
            };
            Outcome::Done(Stored { status: 201, location: located(location, &body)?, body })
        }
        // Judged good, yet nothing was burned: another copy of the code was, in between.
        None => Outcome::Refused(Problem::new(Code::CardQrUsed)),
    })
}

fn located(base: &str, body: &[u8]) -> Result<Option<String>, Problem> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: Uuid,
    }
    let Named { id } = serde_json::from_slice(body)?;
    Ok(Some(format!("{base}{id}")))
}

/// A refusal of the statement as the caller is told it.
fn refusal_of(word: &str, min_spend: Option<i64>) -> Problem {
    match word {
        "qr_used" => Problem::new(Code::CardQrUsed),
        "card" => Problem::new(Code::CardNotValid),
        "absent" => Problem::not_found(),
        "contract" | "not_open" => Problem::new(Code::NotOpen),
        "union" | "card_limited" | "coupon_needed" | "min_spend" => eligible::refused(word, min_spend),
        "coupon_used" => Problem::new(Code::CouponUsed),
        "amount" => Problem::invalid("/amount_fen", Invalid::new("REQUIRED", "请填写消费金额。")),
        "limit" => Problem::new(Code::AlreadyHave),
        "sold_out" => Problem::new(Code::SoldOut),
        // The key's answer came between the snapshot and now.
        "replay" => Problem::new(Code::InProgress).retry_after(1),
        _ => Problem::internal("unknown refusal"),
    }
}

/// What a constraint says that the snapshot did not know.
fn violation(error: DieselError) -> Result<Outcome, Problem> {
    let refused = |code| Ok(Outcome::Refused(Problem::new(code)));
    match violated(&error) {
        Some("campaign_counter_quota" | "campaign_counter_budget") => return refused(Code::SoldOut),
        Some("coupon_used_is_not_returned") => return refused(Code::CouponUsed),
        // The limit is judged again from a new snapshot; a receipt number is drawn again; the key's stored
        // answer is there now.
        Some("redemption_once" | "redemption_receipt" | "idempotency_pkey") => return Ok(Outcome::Again),
        _ => {}
    }
    match given_up(&error) {
        Some(GivenUp::Race) => Ok(Outcome::Again),
        // Which row was held is not told: the burn, by the first request with this key or another of the same card, or a
        // counter that many want. Nothing of *this* attempt stands, and what an earlier one did is replayed, so "still
        // going on, the same key again shortly" is right for all of them; "unavailable" would deny a first request
        // that is about to commit.
        Some(GivenUp::LockTimeout) => Ok(Outcome::Refused(Problem::new(Code::InProgress).retry_after(1))),
        _ => Err(classify(Problem::internal(error))),
    }
}
