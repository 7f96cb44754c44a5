//! What can go wrong where a provider takes a lease back with notice.

use souk_core::{CloseReason, OrderId};
use thiserror::Error;

/// What an offered window, a notice or an end by it breaks.
#[derive(Debug, Error, PartialEq)]
pub enum ReclaimError {
    /// A notice that is too short or too long.
    #[error("a notice of {seconds} s before a lease is taken back is outside {min} to {max} s")]
    WindowRange {
        /// What was asked for or offered.
        seconds: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The order asks for no notice.
    #[error("the order asks for no notice of a reclaim; bid without reclamation_window")]
    NotAsked,
    /// The order asks for a notice.
    #[error(
        "the order asks for {min} s of notice before a reclaim; offer as much in reclamation_window"
    )]
    WindowMissing {
        /// The least.
        min: u64,
    },
    /// Its terms have no notice.
    #[error("lease {0} has no notice among its terms; close_lease ends it, as a breach")]
    NoWindow(OrderId),
    /// Once is enough.
    #[error("lease {order} is being reclaimed already; it can be ended at {deadline}")]
    Announced {
        /// The lease.
        order: OrderId,
        /// When the notice is over.
        deadline: u64,
    },
    /// The lease is younger than its notice.
    #[error("lease {order} can be reclaimed from {from}, after the first {window} s, it is {now}")]
    TooEarly {
        /// The lease.
        order: OrderId,
        /// The notice.
        window: u64,
        /// The first second.
        from: u64,
        /// The time now.
        now: u64,
    },
    /// A reason for which a provider does not reclaim.
    #[error("a lease is not reclaimed for `{0}`; give unstable, decommission or unspecified")]
    Reason(CloseReason),
    /// It is not paid: there is nothing to wait for.
    #[error("the account of lease {0} is depleted; close it at once, which is no breach")]
    Depleted(OrderId),
    /// Nobody announced it.
    #[error("lease {0} is not being reclaimed")]
    NotAnnounced(OrderId),
    /// The notice is not over.
    #[error(
        "lease {order} runs until {deadline} and until block {deadline_block}, it is {now} at block {height}"
    )]
    Runs {
        /// The lease.
        order: OrderId,
        /// Not before this second.
        deadline: u64,
        /// Nor before this block.
        deadline_block: u64,
        /// The time now.
        now: u64,
        /// The block now.
        height: u64,
    },
    /// A notice by which nobody ended the lease in time.
    #[error(
        "the notice of lease {order} was over at {deadline} and has lapsed since; it was the only one that its provider could give, who can close the lease as a breach, or ask its tenant to close it"
    )]
    Lapsed {
        /// The lease.
        order: OrderId,
        /// When it was over.
        deadline: u64,
    },
}
