//! What time does: drafts that nobody touches, and postings that expired and nobody prolongs, are closed.

use chrono::Days;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use unionhall_kernel::Problem;
use unionhall_storage::Core;
use unionhall_storage::tasks::{self, Leased};
use unionhall_web::Actor;

use super::store::{Moved, moved};
use super::{Posting, State, Step};
use crate::schema::job_posting as posting;

const BATCH: i64 = 200;

/// Closes what is past its deadline; running twice closes nothing twice.
///
/// # Errors
/// `UNAVAILABLE` when the database cannot be reached or the lease was lost.
pub async fn lapse(core: &Core, leased: &Leased) -> Result<(), Problem> {
    let today = core.today();
    // A live posting's deadline is its last day; it lapses as long after that as a draft does after a change.
    let expired = today.checked_sub_days(Days::new(90)).unwrap_or(today);
    loop {
        let closed = core
            .db
            .write(async |tx| {
                tasks::extend(tx, leased.id, core.now()).await?;
                let draft = posting::state.eq(State::Draft.as_str()).and(posting::due_on.lt(today));
                let live = posting::state.eq(State::Live.as_str()).and(posting::due_on.lt(expired));
                let due: Vec<Posting> = posting::table
                    .filter(draft.or(live))
                    .order(posting::due_on)
                    .limit(BATCH)
                    .select(Posting::as_select())
                    .for_update()
                    .skip_locked()
                    .load(tx)
                    .await?;
                for before in &due {
                    let Some(to) = before.state(today).after(Step::Lapse) else { continue };
                    let to = Moved::to(to, before);
                    moved(core, tx, &Actor::task(), (before, "job_posting.lapse"), to).await?;
                }
                Ok(due.len())
            })
            .await?;
        if closed == 0 {
            return Ok(());
        }
    }
}
