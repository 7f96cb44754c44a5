//! The agent on a real Kubernetes cluster: what tenants deploy runs, and what goes wrong is put
//! right. One cluster is started for all of these tests; each has a chain, a market and agents
//! of its own, and simulated nodes for its agents alone.
//!
//! The agents may do in the cluster what the agent's own role says and nothing more.

#![allow(clippy::unwrap_used)]

mod agent;
mod audit;
mod check;
mod cluster_errors;
mod fixture;
mod gone;
mod hosts;
mod http_front;
mod killing;
mod manual_changes;
mod outage;
mod real_nodes;
mod rights;
mod shared_cluster;
mod sharing;

use souk_tests::wait::{DEADLINE, until};
