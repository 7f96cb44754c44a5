//! The bidding loop: decides on all open orders by all free capacity, after each change and at
//! every resync.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{chain_cache::ChainCache, deps::Deps, outcome, release, round, snapshot};
use crate::{
    market::ChainError,
    store::{StoreError, Topic},
};

/// The bidding task.
pub struct Bidder {
    deps: Deps,
    cache: ChainCache,
}

/// A round starts after this time without a notification, in case one was lost.
const RESYNC_INTERVAL: Duration = Duration::from_secs(10);
/// As much after one that failed.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// The least time between two rounds: pods change often.
const MIN_INTERVAL: Duration = Duration::from_millis(100);
/// The most blocks that the store may be behind the chain's head: an order that it has as open may
/// be closed already.
const MAX_BLOCKS_BEHIND: u64 = 5;

impl Bidder {
    /// The task with its dependencies.
    pub fn new(deps: Deps) -> Self {
        Self { cache: ChainCache::new(&deps.store), deps }
    }

    /// Bids until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails; other errors are logged and the next round tries again.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let topics = [Topic::Orders, Topic::Capacity, Topic::Provider, Topic::Outbox];
        let mut listener = self.deps.store.listen(&topics);
        loop {
            let done = self.round().await;
            self.deps.health.follow(&done);
            let wait = if done.is_ok() { RESYNC_INTERVAL } else { RETRY_INTERVAL };
            match done {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => tracing::warn!(%error, "bidding round failed, retrying"),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(MIN_INTERVAL) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One round: outcomes of sent bids, decisions, releases.
    async fn round(&mut self) -> Result<(), ChainError> {
        outcome::check_sent(&self.deps).await?;
        if !self.is_current() {
            return Ok(());
        }
        let Some(snapshot) = self.deps.store.read(snapshot::take).await? else { return Ok(()) };
        round::round(&self.deps, &snapshot, &mut self.cache).await?;
        let (slot_hold, scarce) = (self.cache.slot_hold, self.cache.slots_are_scarce());
        release::release(&self.deps, snapshot.at, slot_hold, scarce).await
    }

    fn is_current(&self) -> bool {
        let state = self.deps.following.borrow();
        state.height > 0 && state.head <= state.height.saturating_add(MAX_BLOCKS_BEHIND)
    }
}
