//! Runs leases: compares what the chain says with what the cluster has and puts it right.

pub mod manifest;
