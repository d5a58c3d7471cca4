//! What can be found 职位检索: the published postings of verified recruiters, as rows made for searching.
//!
//! A row is written, hidden and taken away in the transaction that moves its posting or its recruiter ([`sync`],
//! [`recruiter_moved`]); whether its last day has passed is judged at every read.

pub mod grams;
mod search;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Conn;
use unionhall_storage::Core;
use unionhall_storage::tasks::{self, Leased};
use uuid::Uuid;

pub use search::{ALL, Filter, Found, Key, Order, SOUGHT, Stream, newest, search};

use crate::posting::{Posting, State};
use crate::recruiter::{self, Recruiter};
use crate::schema::{job_first_listing, job_listing as listing, job_listing_no as counter};
use grams::Text;

const BATCH: i64 = 1_000;

// While a recruiter is suspended or banned, nothing of it is shown on any day.
fn visible_until(of: &Recruiter, valid_through: NaiveDate, today: NaiveDate) -> NaiveDate {
    match of.state(today) {
        recruiter::State::Verified | recruiter::State::Reverify => valid_through.min(of.verified_until),
        recruiter::State::Suspended | recruiter::State::Banned => NaiveDate::default(),
    }
}

/// Gives `n` numbers in the order of publication; answers the first.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn numbers(tx: &mut Conn, n: i64) -> Result<i64, Problem> {
    let last: i64 = diesel::update(counter::table.find(1_i16))
        .set(counter::last.eq(counter::last + n))
        .returning(counter::last)
        .get_result(tx)
        .await?;
    Ok(last - n + 1)
}

/// Brings the row of a posting in line with it, in the transaction that moved it. What comes back or is new stands first
/// among the newest; what is only prolonged keeps its place.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn sync(core: &Core, tx: &mut Conn, posting: &Posting) -> Result<(), Problem> {
    let today = core.today();
    let last = posting
        .valid_through
        .filter(|last| matches!(posting.state(today), State::Live | State::Expired) && *last >= today);
    let Some(valid_through) = last else {
        diesel::delete(listing::table.find(posting.id)).execute(tx).await?;
        return Ok(());
    };
    let of = recruiter::own(tx, posting.recruiter_id).await?;
    let until = visible_until(&of, valid_through, today);
    let known = diesel::update(listing::table.find(posting.id)).set(listing::visible_until.eq(until));
    if known.execute(tx).await? > 0 {
        return Ok(());
    }
    let terms = posting.terms()?;
    let no = numbers(tx, 1).await?;
    let monthly = terms.pay.monthly();
    let words = grams::words(&Text {
        no,
        title: &terms.title,
        body: &[&of.name, &terms.content, &terms.conditions],
        division_code: &terms.division_code,
        employment: terms.employment_type,
        pay: monthly,
    });
    diesel::sql_query(
        "INSERT INTO job_listing (posting_id, recruiter_id, no, pay_top_fen, visible_until, words) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind::<SqlUuid, _>(posting.id)
    .bind::<SqlUuid, _>(posting.recruiter_id)
    .bind::<BigInt, _>(no)
    .bind::<Nullable<BigInt>, _>(grams::pay_top(monthly))
    .bind::<Date, _>(until)
    .bind::<Array<Integer>, _>(words)
    .execute(tx)
    .await?;
    // Under which number it was news; what comes back later is listed under another.
    diesel::insert_into(job_first_listing::table)
        .values((job_first_listing::posting_id.eq(posting.id), job_first_listing::no.eq(no)))
        .on_conflict_do_nothing()
        .execute(tx)
        .await?;
    Ok(())
}

/// Shows or hides all of a recruiter's, in the transaction that moved it.
///
/// # Errors
/// `INTERNAL` when the rows cannot be written.
pub async fn recruiter_moved(core: &Core, tx: &mut Conn, of: &Recruiter) -> Result<(), Problem> {
    let shown_until = visible_until(of, NaiveDate::MAX.min(of.verified_until), core.today());
    diesel::sql_query(
        "UPDATE job_listing l SET visible_until = least(p.valid_through, $2) \
         FROM job_posting p WHERE p.id = l.posting_id AND l.recruiter_id = $1",
    )
    .bind::<SqlUuid, _>(of.id)
    .bind::<Date, _>(shown_until)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes away the rows of postings whose last day has passed: they are shown to nobody, and only cost.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn sweep(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let today = core.today();
    loop {
        let gone = core
            .db
            .write(async |tx| {
                tasks::extend(tx, leased.id, core.now()).await?;
                // A suspended recruiter's stay: they may come back.
                let past = diesel::sql_query(
                    "DELETE FROM job_listing WHERE posting_id IN (\
                         SELECT l.posting_id FROM job_listing l JOIN job_posting p ON p.id = l.posting_id \
                         WHERE l.visible_until < $1 AND p.valid_through < $1 LIMIT $2)",
                );
                Ok(past.bind::<Date, _>(today).bind::<BigInt, _>(BATCH).execute(tx).await?)
            })
            .await?;
        if i64::try_from(gone)? < BATCH {
            return Ok(());
        }
    }
}

/// The postings of some listings, in their order, each with its recruiter's name.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be asked.
pub async fn describe(conn: &mut Conn, found: &[Found]) -> Result<Vec<(Found, Posting, String)>, Problem> {
    use crate::schema::{job_posting, recruiter};
    let ids: Vec<Uuid> = found.iter().map(|found| found.posting).collect();
    let rows: Vec<(Posting, String)> = job_posting::table
        .inner_join(recruiter::table.on(recruiter::id.eq(job_posting::recruiter_id)))
        .filter(job_posting::id.eq_any(&ids))
        .select((Posting::as_select(), recruiter::name))
        .load(conn)
        .await?;
    let mut rows: std::collections::HashMap<Uuid, (Posting, String)> =
        rows.into_iter().map(|row| (row.0.id, row)).collect();
    let described = found.iter().filter_map(|found| {
        let (posting, name) = rows.remove(&found.posting)?;
        Some((*found, posting, name))
    });
    Ok(described.collect())
}
