//! What the bidding loop works with.

use std::sync::Arc;

use ed25519_zebra::SigningKey;
use tokio::sync::watch;

use crate::{
    config::Config,
    market::{Market, follow::FollowState, heartbeat::HeartbeatState, outbox::Messages},
    model::{health::Reporter, interfaces::CapacitySource},
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
    /// The key that signs quotes; nothing is signed without.
    pub quote_key: Option<SigningKey>,
    /// Where a round that fails is reported.
    pub health: Reporter,
}
