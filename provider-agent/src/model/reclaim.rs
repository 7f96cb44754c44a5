//! That the provider takes a lease back with notice. Until then it is served and paid as any other.

use souk_api::orderbook::{ReclaimResponse, events::LeaseReclaiming};
use souk_core::CloseReason;

use super::Cursor;

/// What was announced of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reclaim {
    /// Why.
    pub reason: CloseReason,
    /// The first second of block time in which anyone can end it.
    pub deadline: u64,
    /// The first such block.
    pub block: u64,
    /// Whether it ended by that.
    pub ended: bool,
}

impl Reclaim {
    /// Whether the lease can be ended in the block after `at`.
    pub fn is_over(&self, at: Cursor) -> bool {
        at.time >= self.deadline && at.height >= self.block
    }
}

impl From<&ReclaimResponse> for Reclaim {
    fn from(known: &ReclaimResponse) -> Self {
        let ReclaimResponse { reason, deadline, deadline_block: block, ended, .. } = *known;
        Self { reason, deadline, block, ended }
    }
}

impl From<&LeaseReclaiming> for Reclaim {
    fn from(event: &LeaseReclaiming) -> Self {
        let LeaseReclaiming { reason, deadline, deadline_block: block, .. } = *event;
        Self { reason, deadline, block, ended: false }
    }
}
