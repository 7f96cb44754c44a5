//! What the bidding loop works with.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    config::Config,
    market::{Market, follow::FollowState, heartbeat::HeartbeatState, outbox::Messages},
    model::{QuoteKey, Registered, health::Reporter, interfaces::CapacitySource},
    store::Store,
};

/// The dependencies of the loop.
#[derive(Clone)]
pub struct Deps {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// The configuration.
    pub config: Arc<Config>,
    /// Builds the messages.
    pub messages: Messages,
    /// The cluster.
    pub cluster: Arc<dyn CapacitySource>,
    /// The follower's state.
    pub following: watch::Receiver<FollowState>,
    /// Why nothing may be sent at present, if there is a reason.
    pub idle: watch::Receiver<Option<String>>,
    /// Whether the operator's coins last for heartbeats.
    pub heartbeats: watch::Receiver<HeartbeatState>,
    /// The key that signs quotes.
    pub quote_key: QuoteKey,
    /// Whose key the registry has.
    pub registered: watch::Receiver<Registered>,
    /// Where a round that fails is reported.
    pub health: Reporter,
}
