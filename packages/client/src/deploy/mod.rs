//! What a tenant goes through: a file becomes a plan, a deployment with open orders, offers, a
//! lease, a manifest at its provider, a workload that is ready.
//!
//! [`run`] does it all and reports its [`Progress`]; each step stands by itself, too.

mod absent;
mod close;
mod collect;
mod create;
mod expiring;
mod flow;
mod launch;
mod offers;
mod plan;
mod ready;
mod starting;
mod watch;

pub use absent::{ClosedAbsent, close_absent};
pub use close::{Returned, close, closing, return_deposits};
pub use collect::{COLLECT, WAIT, collect};
pub use create::{Created, create};
pub use expiring::{Ending, Overdue, end_overdue, overdue, send_with_cover};
pub use flow::{Deployed, Progress, Request, Timeouts, run};
pub use launch::{accept, launch, leases_of};
pub use offers::{
    Bids, History, Look, Offer, OfferSource, Offers, Pick, Via, no_such_offer, read_offers,
};
pub use plan::{Plan, plan};
pub use ready::wait_until_ready;
pub use starting::{Cover, startable};
pub use watch::watch;
