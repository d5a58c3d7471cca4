//! Reminders to recruiters, by SMS: they have no inbox. Five days before a posting ends and fourteen before a verification does.
//!
//! Each last day is noted in the transaction that publishes its event, so nothing is reminded of twice however often the task
//! runs; the SMS goes out from the event, outside any transaction.

use chrono::{Datelike, Days, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_identity::sms::{Message, SmsSender, Template};
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Core, outbox};
use uuid::Uuid;

use super::store::own;
use crate::schema::recruiter_reminder as reminder;

/// Days between a reminder and a posting's last day.
pub const POSTING_DAYS: i32 = 5;
/// Days between a reminder and a verification's last day.
pub const VERIFICATION_DAYS: u64 = 14;
/// Published for each reminder: [`Ending`].
pub const ENDING: &str = "recruiter.ending";
const BATCH: i64 = 200;

/// What [`ENDING`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ending {
    /// The event.
    pub id: Uuid,
    /// Who is reminded.
    pub recruiter_id: Uuid,
    /// The posting's title; none of the verification itself.
    pub title: Option<String>,
    /// The last day, Shanghai.
    pub ends_on: NaiveDate,
}

#[derive(diesel::QueryableByName)]
struct Due {
    #[diesel(sql_type = Date)]
    ends_on: NaiveDate,
    #[diesel(sql_type = SqlUuid)]
    recruiter_id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    title: Option<String>,
}

// A posting that was to stand no longer than the reminder's days is left alone: whoever wrote it knows. Of a missed morning the
// next makes up.
const POSTINGS: &str = "\
WITH noted AS (
    INSERT INTO recruiter_reminder (kind, subject_id, ends_on, at)
    SELECT 'posting', p.id, p.valid_through, $1 FROM job_posting p JOIN recruiter r ON r.id = p.recruiter_id
    WHERE p.state = 'LIVE' AND p.valid_through > $2 AND p.valid_through <= $3 AND p.valid_days > $5
      AND r.kind = 'employer' AND r.state = 'VERIFIED' AND r.verified_until >= $2
      AND NOT EXISTS (SELECT FROM recruiter_reminder n
                      WHERE n.kind = 'posting' AND n.subject_id = p.id AND n.ends_on = p.valid_through)
    ORDER BY p.valid_through, p.id LIMIT $4
    ON CONFLICT DO NOTHING RETURNING subject_id, ends_on)
SELECT n.ends_on, p.recruiter_id, p.title FROM noted n JOIN job_posting p ON p.id = n.subject_id";

// Who has handed their papers in again needs no reminder.
const VERIFICATIONS: &str = "\
WITH noted AS (
    INSERT INTO recruiter_reminder (kind, subject_id, ends_on, at)
    SELECT 'verification', r.id, r.verified_until, $1 FROM recruiter r
    WHERE r.kind = 'employer' AND r.state = 'VERIFIED' AND r.verified_until > $2 AND r.verified_until <= $3
      AND NOT EXISTS (SELECT FROM recruiter_application a WHERE a.recruiter_id = r.id AND a.state = 'APPLIED')
      AND NOT EXISTS (SELECT FROM recruiter_reminder n
                      WHERE n.kind = 'verification' AND n.subject_id = r.id AND n.ends_on = r.verified_until)
    ORDER BY r.verified_until, r.id LIMIT $4
    ON CONFLICT DO NOTHING RETURNING subject_id, ends_on)
SELECT n.ends_on, n.subject_id AS recruiter_id, NULL::text AS title FROM noted n WHERE $5 > 0";

#[derive(Deserialize)]
struct Morning {
    today: NaiveDate,
}

/// Notes what ends soon and publishes it; running twice notes nothing twice.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn remind(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let Morning { today } = serde_json::from_value(leased.payload.clone())?;
    let days = u64::try_from(POSTING_DAYS)?;
    let past = reminder::table.filter(reminder::ends_on.lt(today));
    core.db.write(async |tx| Ok(diesel::delete(past).execute(tx).await?)).await?;
    for (statement, within) in [(POSTINGS, days), (VERIFICATIONS, VERIFICATION_DAYS)] {
        let last = today.checked_add_days(Days::new(within)).unwrap_or(today);
        loop {
            let noted = core
                .db
                .write(async |tx| {
                    tasks::extend(tx, leased.id, core.now()).await?;
                    let due: Vec<Due> = diesel::sql_query(statement)
                        .bind::<Timestamptz, _>(core.now())
                        .bind::<Date, _>(today)
                        .bind::<Date, _>(last)
                        .bind::<BigInt, _>(BATCH)
                        .bind::<diesel::sql_types::Integer, _>(POSTING_DAYS)
                        .load(tx)
                        .await?;
                    let noted = due.len();
                    for Due { ends_on, recruiter_id, title } in due {
                        let id = core.id();
                        let news = Ending { id, recruiter_id, title, ends_on };
                        outbox::publish(tx, id, core.now(), ENDING, &news).await?;
                    }
                    Ok(noted)
                })
                .await?;
            if i64::try_from(noted)? < BATCH {
                break;
            }
        }
    }
    Ok(())
}

/// Sends the SMS of an event.
///
/// # Errors
/// `UNAVAILABLE` when it cannot be handed over: it is tried again.
pub async fn send(core: &Core, sms: &dyn SmsSender, leased: &Leased) -> Result<(), Problem> {
    let Ending { id: _, recruiter_id, title, ends_on } = serde_json::from_value(leased.payload.clone())?;
    let of = own(&mut *core.db.read().await?, recruiter_id).await?;
    let day = format!("{}月{}日", ends_on.month(), ends_on.day());
    let template = match title {
        Some(title) => Template::PostingEnding { title, day },
        None => Template::VerificationEnding { day },
    };
    sms.send(&Message { mobile: of.mobile(&core.sealer)?, template })
}
