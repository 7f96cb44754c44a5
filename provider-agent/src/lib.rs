//! souk-provider: the provider's agent. It follows the chain, bids by free capacity and a table
//! of prices, runs its leases on Kubernetes and serves their tenants.
//!
//! Every part observes (chain, cluster, store), decides (pure) and acts (outbox, apply). Parts
//! share nothing but the [`store`] and wake each other by notices that may be lost without
//! harm, so each can be stopped at any instruction and started again.

pub mod app;
pub mod bidding;
pub mod chain;
pub mod check;
pub mod config;
pub mod failpoint;
pub mod gateway;
pub mod inventory;
pub mod kube;
pub mod labels;
pub mod leases;
pub mod metrics;
pub mod setup;
pub mod store;
