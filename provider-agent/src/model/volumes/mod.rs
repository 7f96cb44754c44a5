//! Which claims the volumes of a lease have: pure.
//!
//! A volume belongs to a replica, and not to the service that runs in it: services can be renamed,
//! replicas pass from one service to another, and the data stays. Replicas with the same persistent
//! volumes (name, class, size) form a pool, whose size the order fixes. Labels on the claims say which
//! replica they are of and which service had it last. The same is in one annotation of the namespace, which
//! is written before the labels and counts more; without it labels are enough.

mod assign;
mod assignment;
mod claim;
mod known;
mod old;
mod plan;
mod pool;

pub use assignment::{Assigned, Assignment, REPLICAS};
pub use claim::Claim;
pub use old::is_of_old_set;
pub use plan::{ClaimPlan, Replica, VolumePlan};
pub use pool::mount;

#[cfg(test)]
mod tests;
