//! Work that must not be cut off by a shutdown: it is counted, and whoever stops the process waits for zero.

use std::sync::Arc;

use tokio::sync::watch;

/// A count of work under way.
pub struct Running(watch::Sender<usize>);

/// One piece of work under way, until it is dropped.
pub struct Guard(Arc<Running>);

impl Running {
    /// Nothing under way.
    pub fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Begins a piece of work.
    pub fn enter(self: &Arc<Self>) -> Guard {
        self.0.send_modify(|n| *n += 1);
        Guard(self.clone())
    }

    /// Waits until nothing is under way.
    pub async fn settled(&self) {
        let mut count = self.0.subscribe();
        // The sender is `self`, so it cannot be gone.
        let _ = count.wait_for(|n| *n == 0).await;
    }
}

impl Default for Running {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.send_modify(|n| *n = n.saturating_sub(1));
    }
}
