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
    /// Whether the lease can be ended in the block after `at`. That the notice is void a day later is the chain's to
    /// say, since blocks count as well: the audit then finds none.
    pub fn is_over(&self, at: Cursor) -> bool {
        at.time >= self.deadline && at.height >= self.block
    }

    /// The same with its end moved to a later second and block.
    pub fn moved_to(self, deadline: u64, block: u64) -> Self {
        Self { deadline: deadline.max(self.deadline), block: block.max(self.block), ..self }
    }

    /// What the chain says of it; none if it is void, and the lease runs as before.
    pub fn in_force(known: &ReclaimResponse) -> Option<Self> {
        let ReclaimResponse { reason, deadline, deadline_block: block, ended, .. } = *known;
        (!known.lapsed).then_some(Self { reason, deadline, block, ended })
    }
}

impl From<&LeaseReclaiming> for Reclaim {
    fn from(event: &LeaseReclaiming) -> Self {
        let LeaseReclaiming { reason, deadline, deadline_block: block, .. } = *event;
        Self { reason, deadline, block, ended: false }
    }
}
