//! Which claims the volumes of a lease have: pure.
//!
//! A volume belongs to a replica, and not to the service that runs in it: services can be renamed,
//! replicas pass from one service to another, and the data stays. Replicas with the same persistent
//! volumes (name, class, size) form a pool, whose size the order fixes. Labels on the claims say which
//! replica they are of and which service had it last, so that nothing else has to be remembered.

mod assign;
mod claim;
mod known;
mod plan;
mod pool;

pub use claim::Claim;
pub use plan::{ClaimPlan, Replica, VolumePlan};
pub use pool::mount;

#[cfg(test)]
mod tests;
