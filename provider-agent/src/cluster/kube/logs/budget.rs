//! Bytes of memory that all logs share.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A number of bytes that many take from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Budget {
    taken: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    /// Of this many bytes.
    pub fn new(limit: usize) -> Self {
        Self { taken: Arc::default(), limit }
    }

    /// Takes bytes; false if there are not as many left.
    pub fn take(&self, bytes: usize) -> bool {
        let add = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).is_ok()
    }

    /// Takes bytes although there may not be as many left.
    pub fn take_anyway(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Gives bytes back.
    pub fn give(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Whether less than half is left.
    pub fn is_tight(&self) -> bool {
        self.taken.load(Ordering::Acquire) > self.limit / 2
    }
}
