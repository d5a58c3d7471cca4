//! The process itself, as Linux tells it; elsewhere nothing is told.

use std::sync::OnceLock;

use metrics::{counter, gauge};

// Linux counts processor time for programs in hundredths of a second on every architecture we build for.
const TICKS: f64 = 100.0;

/// Sets the gauges of the process.
pub(super) fn sample() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let number = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    if let Some(kib) = number("VmRSS:") {
        gauge!("process_resident_memory_bytes").set(kib * 1024.0);
    }
    if let Some(threads) = number("Threads:") {
        gauge!("process_threads").set(threads);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
    if let Some(max) = max_fds() {
        gauge!("process_max_fds").set(max);
    }
    if let Some((spent, began)) = times() {
        counter!("process_cpu_seconds_total").absolute(spent as u64);
        gauge!("process_start_time_seconds").set(began);
    }
}

fn max_fds() -> Option<f64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

// Processor time, and when the process began, which is looked up once.
fn times() -> Option<(f64, f64)> {
    static BOOT: OnceLock<Option<f64>> = OnceLock::new();
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may hold anything; the fields after it begin with the third.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |n: usize| fields.get(n - 3)?.parse::<f64>().ok();
    let boot = BOOT.get_or_init(|| {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    });
    Some(((field(14)? + field(15)?) / TICKS, (*boot)? + field(22)? / TICKS))
}
