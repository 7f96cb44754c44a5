//! The bidding loop: looks at all open orders and all free capacity, again and again.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{chain_cache::Knowledge, outcome, release, round};
use crate::{
    config::Config,
    market::{ChainError, Market, follow::FollowState, outbox::Messages},
    model::interfaces::CapacitySource,
    store::{Store, StoreError, Topic},
};

/// What the loop works with.
#[derive(Clone)]
pub struct Deps {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// The configuration.
    pub config: Arc<Config>,
    /// Writes the messages.
    pub messages: Messages,
    /// The cluster.
    pub cluster: Arc<dyn CapacitySource>,
    /// How the follower is doing.
    pub following: watch::Receiver<FollowState>,
}

/// The bidding task.
pub struct Bidder {
    deps: Deps,
    knowledge: Knowledge,
}

/// Also without a wake-up, in case one was lost.
const TICK: Duration = Duration::from_secs(10);
/// Pods change often; orders are not looked at more often than this.
const PAUSE: Duration = Duration::from_millis(100);
/// Blocks that the store may be behind the chain's head: what it calls open may be long gone.
const MAX_LAG: u64 = 5;

impl Bidder {
    /// The task with its dependencies.
    pub fn new(deps: Deps) -> Self {
        Self { knowledge: Knowledge::new(&deps.store), deps }
    }

    /// Bids until stopped. Ends with an error only if the store fails.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let topics = [Topic::Orders, Topic::Capacity, Topic::Facts, Topic::Outbox];
        let mut listener = self.deps.store.listen(&topics);
        loop {
            match self.round().await {
                Ok(()) => {}
                Err(ChainError::Store(error)) => return Err(error),
                // Nothing was judged; the next round tries again.
                Err(error) => tracing::warn!(%error, "bidding waits"),
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = listener.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// One look at everything.
    async fn round(&mut self) -> Result<(), ChainError> {
        outcome::settle(&self.deps).await?;
        if !self.is_current() {
            return Ok(());
        }
        let Some(snapshot) = self.deps.store.read(round::snapshot).await? else { return Ok(()) };
        round::round(&self.deps, &snapshot, &mut self.knowledge).await?;
        let (hold, pressed) = (self.knowledge.slot_hold, self.knowledge.is_pressed());
        release::release(&self.deps, snapshot.at, hold, pressed).await
    }

    fn is_current(&self) -> bool {
        let state = self.deps.following.borrow();
        state.height > 0 && state.head <= state.height.saturating_add(MAX_LAG)
    }
}
