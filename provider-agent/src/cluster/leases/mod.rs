//! Runs leases: reconciles the cluster with the leases of the chain.
//!
//! `run` hands out orders with work, each to one worker at a time. A worker (`reconcile`) observes
//! the lease's objects, calls [`plan`](crate::model::reconcile::plan) for the next step and takes it;
//! it can be stopped at any instruction and started again. [`status`] is what a tenant sees of a lease.

mod clock;
mod deploy;
mod discreet;
pub mod dry_run;
mod end;
pub mod failed_pods;
pub mod index;
pub mod metrics;
pub mod observe;
mod pod_events;
pub mod progress;
pub mod reconcile;
mod release;
mod replicas;
pub mod rollout;
mod run;
mod secrets;
pub mod status;
pub mod workloads;
