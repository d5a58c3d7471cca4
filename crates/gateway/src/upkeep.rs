//! Once a day every room forgets what is past its time, and accounts are closed whose owners asked for it; a training system
//! is put back at night.

use std::sync::Arc;

use serde_json::json;
use unionhall_identity::{Identity, closing};
use unionhall_kernel::Problem;
use unionhall_storage::tasks::{self, Leased, Worker};
use unionhall_storage::training::{self, Refusal};
use unionhall_storage::{Conn, Core};

const FORGET: &str = "upkeep.forget";
const CLOSE: &str = "upkeep.close_accounts";
const RESET: &str = "training.reset";

/// Teaches the worker the daily forgetting and closing; in a `training` system also the reset, which no other worker knows.
#[must_use]
pub fn handle(worker: Worker, core: &Core, identity: &Arc<Identity>, training: bool) -> Worker {
    let (core, identity) = (core.clone(), identity.clone());
    let of_training = core.clone();
    let worker = match training {
        true => worker.handle(RESET, move |_| reset(of_training.clone())),
        false => worker,
    };
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

/// Enqueues the reset of a training system when its night has come, or a process that is `starting` finds that one was missed.
///
/// # Errors
/// `INTERNAL` when a row cannot be written.
pub async fn enqueue_reset(core: &Core, conn: &mut Conn, starting: bool) -> Result<(), Problem> {
    let Some(base) = training::base(conn).await? else { return Ok(()) };
    if !training::is_due(base.reset_at, core.now(), starting) {
        return Ok(());
    }
    let dedupe = format!("{RESET}:{}", core.today());
    tasks::enqueue(conn, core.id(), core.now(), RESET, Some(&dedupe), &json!({})).await
}

// The row of this task is put back with all others: its lease is gone when it ends, which the worker's log then says.
async fn reset(core: Core) -> Result<(), Problem> {
    match training::reset(&core, true).await? {
        Ok(tables) => tracing::info!(tables, "the training system is as it was kept"),
        Err(Refusal::NotDue) => {}
        Err(refusal) => tracing::warn!(%refusal, "the training system is not put back"),
    }
    Ok(())
}
