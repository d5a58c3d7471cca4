//! Background work: what nobody cared for in its time is closed, and what is past is no longer searched.

use std::sync::Arc;

use chrono::Duration;
use serde_json::json;
use unionhall_identity::sms::SmsSender;
use unionhall_kernel::Problem;
use unionhall_kernel::clock::shanghai_day_start;
use unionhall_storage::tasks::{self, Worker};
use unionhall_storage::{Conn, Core};

use crate::{alert, application, listing, posting, recruiter};

/// The daily closing of drafts and expired postings.
pub const LAPSE: &str = "job.lapse";
/// The daily ending of applications whose posting has ended a week ago.
pub const LAPSE_APPLICATIONS: &str = "job.lapse_applications";
/// The morning's run of alerts.
pub const ALERTS: &str = "job.alerts";
/// The morning's reminders to recruiters.
pub const REMIND: &str = "recruiter.remind";
/// The SMS of one reminder.
pub const TELL: &str = "recruiter.tell";
/// When the morning is, in hours of the Shanghai day: quiet hours end at this hour.
const MORNING: i64 = 8;
/// The daily sweep of listings.
pub const SWEEP: &str = "job.sweep_listings";

/// Teaches the worker this room's tasks.
#[must_use]
pub fn handle(worker: Worker, core: &Core, sms: &Arc<dyn SmsSender>) -> Worker {
    let (lapsing, ending, sweeping) = (core.clone(), core.clone(), core.clone());
    let (running, reminding, telling) = (core.clone(), core.clone(), (core.clone(), sms.clone()));
    worker
        .handle(LAPSE, move |leased| {
            let core = lapsing.clone();
            async move { posting::lapse(&core, &leased).await }
        })
        .handle(LAPSE_APPLICATIONS, move |leased| {
            let core = ending.clone();
            async move { application::lapse(&core, &leased).await }
        })
        .handle(ALERTS, move |leased| {
            let core = running.clone();
            async move { alert::run(&core, &leased).await }
        })
        .handle(REMIND, move |leased| {
            let core = reminding.clone();
            async move { recruiter::remind(&core, &leased).await }
        })
        .on(recruiter::ENDING, TELL)
        .handle(TELL, move |leased| {
            let (core, sms) = telling.clone();
            async move { recruiter::send(&core, sms.as_ref(), &leased).await }
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
    let today = core.today();
    let at = shanghai_day_start(today) + Duration::hours(MORNING);
    for kind in [ALERTS, REMIND] {
        let dedupe = format!("{kind}:{today}");
        tasks::enqueue(conn, core.id(), at, kind, Some(&dedupe), &json!({"today": today})).await?;
    }
    Ok(())
}
