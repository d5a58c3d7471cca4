//! What is not counted where it happens, but looked at when somebody asks.

use std::time::Duration;

use metrics::gauge;
use unionhall_kernel::Problem;
use unionhall_storage::{Core, backlog, once};

use super::process;
use crate::ready;
use crate::services::Services;

/// A scrape must come back also when the database does not; Prometheus waits ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sets every gauge.
pub async fn sample(services: &Services) {
    process::sample();
    let core = &services.app.core;
    for pool in core.db.pools() {
        let set = |name: &'static str, value: usize| gauge!(name, "pool" => pool.name).set(value as f64);
        set("unionhall_db_pool_size", pool.max);
        set("unionhall_db_pool_open", pool.open);
        set("unionhall_db_pool_in_use", pool.in_use);
        set("unionhall_db_pool_waiting", pool.waiting);
    }
    gauge!("unionhall_account_state_age_seconds").set(services.identity.states.age(core.now()));
    let failing = services.readiness.failing().await;
    for check in ready::CHECKS {
        let passes = failing.iter().all(|f| f.name != check);
        gauge!("unionhall_ready", "check" => check).set(f64::from(u8::from(passes)));
    }
    if failing.iter().any(|f| f.name == "database") {
        return;
    }
    match tokio::time::timeout(PATIENCE, waiting(core)).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => tracing::warn!(?problem, "what waits could not be counted"),
        Err(_) => tracing::warn!("what waits could not be counted in time"),
    }
}

async fn waiting(core: &Core) -> Result<(), Problem> {
    let mut conn = core.db.read().await?;
    let now = backlog::of(&mut conn, core.now()).await?;
    let states =
        [("due", now.due), ("running", now.running), ("retrying", now.retrying), ("failed", now.failed)];
    for (state, n) in states {
        gauge!("unionhall_tasks", "state" => state).set(n as f64);
    }
    gauge!("unionhall_task_oldest_due_seconds").set(now.oldest_due);
    gauge!("unionhall_outbox_events").set(now.events as f64);
    gauge!("unionhall_outbox_oldest_seconds").set(now.oldest_event);
    gauge!("unionhall_idempotency_keys").set(once::estimate(&mut conn).await? as f64);
    Ok(())
}
