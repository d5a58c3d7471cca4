//! What operators see of a process: metrics, traces, logs.

mod catalogue;
mod process;
mod sample;
mod traces;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use unionhall_kernel::Problem;

pub use catalogue::METRICS;
pub use sample::sample;
pub use traces::{Traces, start, traced};

/// From what a point read takes to the time limit of a request, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's metrics; the recorder is installed on first use.
///
/// # Errors
/// When another recorder was installed.
pub fn recorder() -> Result<PrometheusHandle, Problem> {
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    // One installs it; whoever comes at the same time waits and takes what is there.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)?;
    let handle = builder.install_recorder()?;
    catalogue::announce();
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Files what histograms were told, for as long as the process lives: until then every single value is kept, and a
/// process that nobody scrapes would grow without end.
pub async fn keep_draining() {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        if let Some(handle) = HANDLE.get() {
            handle.run_upkeep();
        }
    }
}
