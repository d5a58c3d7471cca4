//! Once a day every room forgets what is past its time.

use serde_json::json;
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Leased, Worker};
use unionhall_storage::{Conn, Core};

const FORGET: &str = "upkeep.forget";

/// Teaches the worker the daily forgetting.
#[must_use]
pub fn handle(worker: Worker, core: &Core) -> Worker {
    let core = core.clone();
    worker.handle(FORGET, move |leased| forget(core.clone(), leased))
}

async fn forget(core: Core, leased: Leased) -> Result<(), Problem> {
    unionhall_storage::retention::own(&core, &leased).await?;
    unionhall_files::forget_expired(&core, &leased).await?;
    unionhall_identity::retention::own(&core, &leased).await?;
    unionhall_cards::till_code::forget(&core, &leased).await?;
    unionhall_merchants::verification_log::forget(&core, &leased).await
}

/// Enqueues it for today; any number of calls enqueue it once.
///
/// # Errors
/// `INTERNAL` when the row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    let dedupe = format!("{FORGET}:{}", core.today());
    tasks::enqueue(conn, core.id(), core.now(), FORGET, Some(&dedupe), &json!({})).await
}
