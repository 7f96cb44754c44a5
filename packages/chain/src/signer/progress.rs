//! Whether the chain makes blocks.

use std::time::{Duration, Instant};

/// Watches the height of the chain.
pub(super) struct Progress {
    stall_timeout: Duration,
    height: u64,
    since: Instant,
}

impl Progress {
    pub(super) fn new(stall_timeout: Duration) -> Self {
        Self { stall_timeout, height: 0, since: Instant::now() }
    }

    /// It has stood still for longer than the timeout.
    pub(super) fn is_over(&mut self, height: u64) -> bool {
        if height > self.height {
            (self.height, self.since) = (height, Instant::now());
        }
        self.since.elapsed() > self.stall_timeout
    }
}
