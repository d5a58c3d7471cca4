//! What the kernel says about the machine and a process (Linux, `/proc`).

use std::fs::read_to_string;

use anyhow::{Context as _, Result};

/// Ticks of all processors since the start, and how many of them a hypervisor gave to others.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    total: u64,
    stolen: u64,
}

impl Ticks {
    /// Reads them.
    ///
    /// # Errors
    /// Without `/proc/stat`.
    pub fn now() -> Result<Self> {
        let stat = read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("/proc/stat is empty")?;
        // user nice system idle iowait irq softirq steal; guest time is in user already.
        let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).map_while(|t| t.parse().ok()).collect();
        Ok(Self { total: ticks.iter().sum(), stolen: ticks.get(7).copied().unwrap_or(0) })
    }

    /// Percent of the time since `earlier` that was stolen.
    #[allow(clippy::cast_precision_loss)] // ticks of a run fit a mantissa
    pub fn stolen_since(self, earlier: Self) -> f64 {
        let total = self.total.saturating_sub(earlier.total).max(1);
        100.0 * self.stolen.saturating_sub(earlier.stolen) as f64 / total as f64
    }
}

/// The processor's name and how many of them there are.
pub fn processor() -> (String, usize) {
    let text = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':').map(|p| p.1.trim()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (model.unwrap_or("unknown").to_owned(), cores)
}

/// Resident memory of a process in MiB.
///
/// # Errors
/// When there is no such process.
pub fn rss_mib(pid: u32) -> Result<u64> {
    let status = read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kib: u64 = line.split_whitespace().next().context("VmRSS")?.parse()?;
    Ok(kib / 1024)
}
