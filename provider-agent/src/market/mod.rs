//! The agent's side of the chain: events into the store, messages out of it.
//!
//! [`follow`] reads every block and commits its events ([`apply()`]) with the cursor; [`fetch`]
//! gets what events do not carry, and asks several endpoints before it believes what can't be undone;
//! [`audit`] compares the store with the chain, a few leases at a time; [`rebuild`] fills the store from queries at one height, at the
//! first start and when nodes have pruned the cursor's blocks; [`bidding`] bids on orders;
//! [`upkeep`] sends what leases and auctions need, [`heartbeat`] that the provider is there. Messages go to the chain by [`outbox`]. An
//! event counts only if a configured contract emitted it.

mod apply;
pub mod audit;
pub mod bidding;
mod client;
mod confirm;
mod error;
pub mod fetch;
pub mod follow;
pub mod heartbeat;
pub mod lookup;
pub mod outbox;
pub mod quote_key;
pub mod rebuild;
pub mod upkeep;

pub use apply::{ProviderContext, apply};
pub use client::Market;
pub use error::ChainError;

#[cfg(test)]
mod tests;
