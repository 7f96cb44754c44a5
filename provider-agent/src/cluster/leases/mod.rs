//! Runs leases: compares what the chain says with what the cluster has and puts it right.
//!
//! [`plan`](crate::model::reconcile::plan) is the judgement: what is wanted and what is seen in,
//! steps out. [`reconcile`] fetches, asks it and acts; it can be stopped at any instruction and
//! started again.

pub mod observe;
pub mod progress;
pub mod reconcile;
pub mod status;
pub mod workloads;
