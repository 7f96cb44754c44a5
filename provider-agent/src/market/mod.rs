//! The agent's side of the chain: events into the store, messages out of it.
//!
//! [`follow`] reads every block and commits its events with the cursor; [`fetch`] gets what
//! events do not carry; [`rebuild`] makes the store anew from queries at one height, at the
//! first start and when nodes have pruned the cursor's blocks; [`upkeep`] sends what a lease
//! needs on the chain. An event counts only if the configured contract emitted it.

mod apply;
pub mod bidding;
mod client;
mod error;
mod events;
pub mod fetch;
pub mod follow;
pub mod lookup;
pub mod outbox;
pub mod rebuild;
pub mod upkeep;

pub use apply::{Scope, apply};
pub use client::Market;
pub use error::ChainError;
pub use events::{MarketEvent, Read, read_block};

#[cfg(test)]
mod tests;
