//! Faults of the chain's side: a real wasmd node with the contracts' wasm, an agent in a process
//! of its own with a simulated cluster, and proxies between agent and node that let faults happen.
//! In none of them does the agent bid twice, miss an open order for good or lose a lease.
//!
//! Bids are counted as they are broadcast, refused ones included. An agent signs a second
//! transaction for a bid only when the first can never be executed; where a fault leads to that,
//! the test says how many there must be.

#![allow(clippy::unwrap_used)]

mod chain;
mod endpoints;
mod fixture;
mod node;
mod transactions;
