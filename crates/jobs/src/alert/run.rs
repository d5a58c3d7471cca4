//! The morning's run. Each alert's watermark moves in the transaction that publishes what it found: a worker that dies has done
//! both or neither, so nothing is told twice and nothing is lost.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use unionhall_kernel::{Code, Problem};
use unionhall_registry::module::{self, Module};
use unionhall_registry::{membership, org};
use unionhall_storage::tasks::{self, Leased};
use unionhall_storage::{Conn, Core, outbox};
use unionhall_web::OrgScope;
use uuid::Uuid;

use super::{Alert, COUNTED, ENDS_AFTER, FOUND, News, TITLES};
use crate::application::is_own_employer;
use crate::listing::{self, Stream};
use crate::resume;
use crate::schema::{job_alert as alert, job_first_listing as first, job_posting as posting, recruiter};

/// Alerts of one transaction.
const BATCH: i64 = 50;

#[derive(Deserialize)]
struct Morning {
    today: NaiveDate,
}

/// Runs every alert that has not run today, and forgets those that have ended; running twice tells nothing twice.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn run(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let Morning { today } = serde_json::from_value(leased.payload.clone())?;
    let ended = alert::table.filter(alert::ends_on.lt(today));
    core.db.write(async |tx| Ok(diesel::delete(ended).execute(tx).await?)).await?;
    loop {
        let done = core
            .db
            .write(async |tx| {
                tasks::extend(tx, leased.id, core.now()).await?;
                let due: Vec<Alert> = alert::table
                    .filter(alert::run_on.lt(today))
                    .order((alert::run_on, alert::id))
                    .limit(BATCH)
                    .select(Alert::as_select())
                    .for_update()
                    .skip_locked()
                    .load(tx)
                    .await?;
                // Numbers are in the order of commits: what is below this one can be seen, and what comes later is tomorrow's.
                let newest = listing::newest(tx).await?;
                for one in &due {
                    look(core, tx, one, today, newest).await?;
                }
                Ok(due.len())
            })
            .await?;
        if done == 0 {
            return Ok(());
        }
    }
}

async fn look(core: &Core, tx: &mut Conn, of: &Alert, today: NaiveDate, newest: i64) -> Result<(), Problem> {
    let (titles, more) = found(core, tx, of, newest).await?;
    let ends_on = match titles.is_empty() {
        true => of.ends_on,
        false => today.checked_add_days(ENDS_AFTER).unwrap_or(of.ends_on),
    };
    diesel::update(alert::table.find(of.id))
        .set((alert::seen_no.eq(newest), alert::run_on.eq(today), alert::ends_on.eq(ends_on)))
        .execute(tx)
        .await?;
    if titles.is_empty() {
        return Ok(());
    }
    let (id, count) = (core.id(), titles.len());
    let titles = titles.into_iter().take(TITLES).collect();
    let news =
        News { id, alert_id: of.id, person_id: of.person_id, name: of.name.clone(), count, more, titles };
    outbox::publish(tx, id, core.now(), FOUND, &news).await
}

// Titles of what the member is to be told of, newest first, and whether there are more than were counted.
async fn found(core: &Core, tx: &mut Conn, of: &Alert, newest: i64) -> Result<(Vec<String>, bool), Problem> {
    let nothing = (Vec::new(), false);
    // A run that was kept waiting over midnight tells of nothing that has ended since.
    let today = core.today();
    let Some(filter) = of.filter()? else { return Ok(nothing) };
    let standing = membership::standing(tx, of.person_id).await?;
    let open = match &standing {
        Some(standing) => module::open_at(tx, &standing.path, today).await?,
        None => module::open_to(tx, None, today).await?,
    };
    if !open.contains(&Module::Jobs) {
        return Ok(nothing);
    }
    let page = listing::search(tx, &filter, today, Some((Stream::First, newest + 1)), COUNTED).await?;
    if page.items.is_empty() {
        return Ok(nothing);
    }
    let ids: Vec<Uuid> = page.items.iter().map(|found| found.posting).collect();
    // What was listed before under another number has come back: no news.
    let rows: Vec<(Uuid, i64, String, String, String)> = posting::table
        .inner_join(recruiter::table.on(recruiter::id.eq(posting::recruiter_id)))
        .inner_join(first::table.on(first::posting_id.eq(posting::id)))
        .filter(posting::id.eq_any(ids))
        .select((posting::id, first::no, posting::title, recruiter::name, recruiter::uscc))
        .load(tx)
        .await?;
    let union = match &standing {
        Some(standing) => Some(org::get(tx, &OrgScope::subtree(&standing.path), standing.org).await?),
        None => None,
    };
    let blocked = match resume::get(&core.sealer, tx, of.person_id).await {
        Ok(written) => written.blocked,
        Err(problem) if problem.code == Code::NotFound => Vec::new(),
        Err(problem) => return Err(problem),
    };
    let told = page.items.iter().filter_map(|found| {
        let (_, first_no, title, name, uscc) = rows.iter().find(|row| row.0 == found.posting)?;
        let own = union.as_ref().is_some_and(|union| is_own_employer(union, name, uscc));
        let is_news = *first_no == found.no && !own && !blocked.contains(uscc);
        is_news.then(|| title.clone())
    });
    Ok((told.collect(), page.more))
}
