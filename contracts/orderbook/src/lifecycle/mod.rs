//! How orders, leases and deployments begin and end: what several actions have in common.

pub mod absence;
pub mod deployment;
pub mod group;
pub mod lease;
pub mod order;
