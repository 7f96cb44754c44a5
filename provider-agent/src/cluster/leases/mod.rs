//! Runs leases: reconciles the cluster with the leases of the chain.
//!
//! [`reconcile`] observes, calls [`plan`](crate::model::reconcile::plan) for the next step of each
//! lease and applies it; it can be stopped at any instruction and started again. [`status`] is what
//! a tenant sees of a lease.

pub mod observe;
pub mod progress;
pub mod reconcile;
pub mod status;
pub mod workloads;
