//! One agent at a time: a Lease object in the cluster, in a namespace of the agent's own. Whoever holds it
//! bids, sends, deploys and serves; another one waits.
//!
//! Each process has a name of its own. One takes the lock at once when it was let go, or when its holder was
//! a process that is known to have ended ([`Holder::follows`]); else its holder must have been silent for
//! [`DURATION`]. Who makes the object where there is none waits for as long before it acts, since somebody
//! may have deleted it under a holder. One that an administrator made ([`never_held`]) is free; but who knew
//! another before takes it for one that was made again.

mod holder;
mod keep;
mod object;

use std::time::Duration;

pub use holder::{Holder, Machine};
pub use keep::Lock;
pub use object::never_held;

/// The lock is free once its holder was silent for this time.
pub const DURATION: Duration = Duration::from_secs(15);
/// The holder renews it this often.
const RENEWAL: Duration = Duration::from_secs(5);
/// Between two attempts of one that does not hold it, or could not renew it.
const RETRY: Duration = Duration::from_secs(1);
/// A holder that could not renew it for this time reports that.
const DOUBT: Duration = Duration::from_secs(8);
/// A holder that could not renew it for this time changes nothing until it can. It is shorter than
/// [`DURATION`] by what a request may need that was sent before.
const GRACE: Duration = Duration::from_secs(10);
/// Where another's lock is gone, the other gets this time to make it again.
const COURTESY: Duration = Duration::from_secs(10);
/// One request.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The state of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockState {
    /// It is not held yet, for this reason.
    Waiting(String),
    /// It is held.
    Held,
    /// It was held, and is not known to be held now; another may hold it.
    Doubtful(String),
    /// The agent's user has no permission for it: the agent goes on without.
    Unlocked(String),
}

impl LockState {
    /// Whether the agent has ever been allowed to act.
    pub fn may_act(&self) -> bool {
        !matches!(self, Self::Waiting(_))
    }

    /// What keeps it from being held.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Held => None,
            Self::Waiting(reason) | Self::Doubtful(reason) | Self::Unlocked(reason) => Some(reason),
        }
    }
}

/// The lock is another process's now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockLost {
    /// Another agent of the same provider and market took over.
    #[error(
        "another agent of this provider took over ({0}); run one at a time, and stop the other before you start this again"
    )]
    TakenOver(String),
    /// A process with the same name holds it: a clone of this very process, as of a machine with its memory.
    #[error(
        "another process acts under the name of this one ({0}): this machine was cloned while it ran; run one agent of a provider at a time"
    )]
    Cloned(String),
}
