//! The thread that does the background work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use unionhall_storage::tasks::Worker;

/// How long the thread rests when there is nothing to do.
const REST: Duration = Duration::from_millis(250);

/// A worker's thread, as whoever stops the process sees it.
pub struct WorkerThread {
    stop: Arc<AtomicBool>,
    ended: watch::Receiver<()>,
}

impl WorkerThread {
    /// Has it begin no further task and waits for the one under way, for at most `limit`. Answers whether the thread
    /// ended: a task that is cut off loses its lease and runs again elsewhere.
    pub async fn finish(mut self, limit: Duration) -> bool {
        self.stop.store(true, Ordering::Release);
        tokio::time::timeout(limit, gone(&mut self.ended)).await.is_ok()
    }
}

async fn gone(ended: &mut watch::Receiver<()>) {
    while ended.changed().await.is_ok() {}
}

/// Runs the worker on a thread of its own until it is stopped: at once while there is work, otherwise four times a
/// second. It joins the `background`: should the thread end, so does its part of the set.
///
/// # Errors
/// When the thread cannot be started.
pub fn spawn(worker: Worker, background: &mut JoinSet<()>, on: &Handle) -> std::io::Result<WorkerThread> {
    let (alive, ended) = watch::channel(());
    let mut watched = ended.clone();
    background.spawn_on(async move { gone(&mut watched).await }, on);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    std::thread::Builder::new().name("worker".to_owned()).spawn(move || {
        let _alive = alive;
        runtime.block_on(async {
            while !told.load(Ordering::Acquire) {
                match worker.step().await {
                    Ok(true) => {}
                    Ok(false) => tokio::time::sleep(REST).await,
                    Err(problem) => {
                        tracing::warn!(?problem, "the worker cannot reach the database");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        });
    })?;
    Ok(WorkerThread { stop, ended })
}
