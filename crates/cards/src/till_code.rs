//! The eight digits under the QR 数字码, for a till whose scanner is broken or that never had one. They stand for the
//! step at which they were asked, live a minute, and a holder has one set at a time. Guessing them is the till's to
//! slow down: eight digits are few.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::db::constraint;
use unionhall_storage::retention::{self, Old};
use unionhall_storage::tasks::Leased;
use unionhall_storage::{Conn, Core};

use crate::code::{Opened, STEP_TOLERANCE, step_at};
use crate::schema::card_till_code as till_code;
use crate::store::CardView;

/// How long the digits live.
const LIFE: Duration = Duration::seconds(60);
const DIGITS: usize = 8;
/// Ten thousand members at tills at once hold one number in ten thousand: the third draw is free.
const DRAWS: usize = 8;

/// Digits to tell a cashier.
#[derive(Debug)]
pub struct TillCode {
    /// Eight of them.
    pub code: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Whether a text can be such digits.
pub fn is_one(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit())
}

fn index(core: &Core, code: &str) -> Vec<u8> {
    core.sealer.blind("till_code", code)
}

/// New digits for a card; those its holder had before are dead.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached.
pub async fn issue(core: &Core, card: &CardView) -> Result<TillCode, Problem> {
    let now = core.now();
    let mut refused = None;
    for _ in 0..DRAWS {
        let made = TillCode { code: core.ids.digits(DIGITS), expires_at: now + LIFE };
        let index = index(core, &made.code);
        let written = core.db.write(async |tx| write(tx, card, &index, &made, now).await).await;
        match written {
            Err(problem) if constraint(&problem) == Some("card_till_code_code") => refused = Some(problem),
            other => return other.map(|()| made),
        }
    }
    Err(refused.unwrap_or_else(|| Problem::internal("no digits were drawn")))
}

async fn write(
    tx: &mut Conn,
    card: &CardView,
    index: &[u8],
    made: &TillCode,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let dead = till_code::code_index.eq(index).and(till_code::expires_at.le(now));
    diesel::delete(till_code::table.filter(dead)).execute(tx).await?;
    let values = (
        till_code::n.eq(card.n),
        till_code::step.eq(card.step_at(now).min(step_at(now) + STEP_TOLERANCE)),
        till_code::code_index.eq(index),
        till_code::expires_at.eq(made.expires_at),
    );
    diesel::insert_into(till_code::table)
        .values((till_code::person_id.eq(card.person), values))
        .on_conflict(till_code::person_id)
        .do_update()
        .set(values)
        .execute(tx)
        .await?;
    Ok(())
}

/// What digits stand for; `None` for those that nobody holds now.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn open(core: &Core, code: &str) -> Result<Option<Opened>, Problem> {
    let (now, index) = (core.now(), index(core, code));
    let live = till_code::table.filter(till_code::code_index.eq(index).and(till_code::expires_at.gt(now)));
    let live = live.select((till_code::person_id, till_code::n, till_code::step));
    let found = live.first(&mut *core.db.writer().await?).await.optional()?;
    Ok(found.map(|(person, n, step)| Opened { person, n, step }))
}

/// Forgets digits that are dead.
///
/// # Errors
/// As [`retention::forget`].
pub async fn forget(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let dead = Old { table: "card_till_code", key: "person_id", when: "expires_at < $1" };
    retention::forget(core, leased, dead, core.now()).await
}
