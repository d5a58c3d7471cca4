//! Background work: what nobody cared for in its time is closed, and what is past is no longer searched.

use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Worker};
use unionhall_storage::{Conn, Core};

use crate::{application, listing, posting};

/// The daily closing of drafts and expired postings.
pub const LAPSE: &str = "job.lapse";
/// The daily ending of applications whose posting has ended a week ago.
pub const LAPSE_APPLICATIONS: &str = "job.lapse_applications";
/// The daily sweep of listings.
pub const SWEEP: &str = "job.sweep_listings";

/// Teaches the worker this room's tasks.
#[must_use]
pub fn handle(worker: Worker, core: &Core) -> Worker {
    let (lapsing, ending, sweeping) = (core.clone(), core.clone(), core.clone());
    worker
        .handle(LAPSE, move |leased| {
            let core = lapsing.clone();
            async move { posting::lapse(&core, &leased).await }
        })
        .handle(LAPSE_APPLICATIONS, move |leased| {
            let core = ending.clone();
            async move { application::lapse(&core, &leased).await }
        })
        .handle(SWEEP, move |leased| {
            let core = sweeping.clone();
            async move { listing::sweep(&core, &leased).await }
        })
}

/// Enqueues what is due today; any number of calls enqueue it once.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    for kind in [LAPSE, LAPSE_APPLICATIONS, SWEEP] {
        let dedupe = format!("{kind}:{}", core.today());
        tasks::enqueue(conn, core.id(), core.now(), kind, Some(&dedupe), &json!({})).await?;
    }
    Ok(())
}
