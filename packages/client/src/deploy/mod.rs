//! What a tenant goes through: tender, bids, lease, manifest, a running workload. The commands
//! and the demonstration tell the same story by these.

mod bids;
mod close;
mod create;
mod launch;
mod workload;

pub use bids::{BidRow, BidTable, Pick, no_such_bid, watch_bids};
pub use close::{Returned, closing, return_deposits};
pub use create::{Created, Plan, create, plan};
pub use launch::{accept, launch, leases_of};
pub use workload::{show_status, wait_until_ready};
