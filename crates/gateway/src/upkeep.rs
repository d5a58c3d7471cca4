//! Once a day every room forgets what is past its time, and accounts are closed whose owners asked for it.

use std::sync::Arc;

use serde_json::json;
use unionhall_identity::{Identity, closing};
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Leased, Worker};
use unionhall_storage::{Conn, Core};

const FORGET: &str = "upkeep.forget";
const CLOSE: &str = "upkeep.close_accounts";

/// Teaches the worker the daily forgetting and closing.
#[must_use]
pub fn handle(worker: Worker, core: &Core, identity: &Arc<Identity>) -> Worker {
    let (core, identity) = (core.clone(), identity.clone());
    worker.handle(FORGET, move |leased| forget(core.clone(), leased)).handle(CLOSE, move |leased| {
        let identity = identity.clone();
        async move { closing::close_due(&identity, &leased).await }
    })
}

async fn forget(core: Core, leased: Leased) -> Result<(), Problem> {
    unionhall_storage::retention::own(&core, &leased).await?;
    unionhall_files::forget_expired(&core, &leased).await?;
    let now = core.now();
    unionhall_storage::retention::forget(&core, &leased, unionhall_registry::export::EXPIRED, now).await?;
    unionhall_identity::retention::own(&core, &leased).await?;
    unionhall_cards::till_code::forget(&core, &leased).await?;
    unionhall_messages::tasks::forget_old(&core, &leased).await?;
    unionhall_partners::retention::own(&core, &leased).await?;
    unionhall_merchants::verification_log::forget(&core, &leased).await
}

/// Enqueues both for today; any number of calls enqueue each once.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn enqueue_daily(core: &Core, conn: &mut Conn) -> Result<(), Problem> {
    for kind in [FORGET, CLOSE] {
        let dedupe = format!("{kind}:{}", core.today());
        tasks::enqueue(conn, core.id(), core.now(), kind, Some(&dedupe), &json!({})).await?;
    }
    Ok(())
}
