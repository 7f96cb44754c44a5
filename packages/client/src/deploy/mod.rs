//! What a tenant goes through: a file becomes a plan, a deployment with open orders, offers, a
//! lease, a manifest at its provider, a workload that is ready.
//!
//! [`run`] does it all and reports its [`Progress`]; each step stands by itself, too.

mod absent;
mod by_quotes;
mod close;
mod collect;
mod create;
mod expiring;
mod flow;
mod interrupted;
mod launch;
mod offers;
mod plan;
mod quotes;
mod ready;
mod starting;
mod watch;

pub use absent::{ClosedAbsent, close_absent};
pub use by_quotes::{ByQuotes, by_quotes};
pub use close::{Returned, close, closing, return_deposits};
pub use collect::{COLLECT, WAIT, collect};
pub use create::{Created, create, create_with_quotes};
pub use expiring::{Ending, Overdue, end_overdue, overdue, send_with_cover};
pub use flow::{Deployed, Leased, Progress, Request, Timeouts, go_on, run};
pub use interrupted::interrupted;
pub use launch::{accept, accept_quote, launch, leases_of};
pub use offers::{
    Bids, History, Look, Offer, OfferSource, Offers, Pick, Via, no_such_offer, read_offers,
};
pub use plan::{Plan, plan};
pub use quotes::{Asking, Quotes, SHOWN, accept_by_quote, quotes, wanted};
pub use ready::wait_until_ready;
pub use starting::{Cover, startable};
pub use watch::watch;
