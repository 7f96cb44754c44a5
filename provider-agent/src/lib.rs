//! souk-provider: the provider's agent. It follows the chain, bids by free capacity and a table
//! of prices, runs its leases on Kubernetes and serves their tenants.
//!
//! Folders depend on each other in one direction, which `tests/tests/layout.rs` checks:
//!
//! | Folder | What it has |
//! |---|---|
//! | [`config`] | the TOML file |
//! | [`model`] | what the agent decides, without any I/O: placement, bids, upkeep, reconciliation |
//! | [`store`] | what the agent remembers: one SQLite file |
//! | [`cluster`] | Kubernetes: caches, inventory, the leases' objects |
//! | [`market`] | the chain: blocks into the store, bids and other messages out of it |
//! | [`gateway`] | the TLS server for tenants |
//! | [`runtime`] | the program: tasks, command line, metrics, `init` and `check` |
//!
//! [`cluster`] and [`market`] do not know each other. Every part observes (chain, cluster, store),
//! decides (pure) and acts (outbox, apply). Parts share nothing but the [`store`] and wake each
//! other by notifications that may be lost without harm, so each can be stopped at any
//! instruction and started again.

pub mod cluster;
pub mod config;
pub mod failpoint;
pub mod gateway;
pub mod market;
pub mod model;
pub mod runtime;
pub mod store;
