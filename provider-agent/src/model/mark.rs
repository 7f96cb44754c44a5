//! The mark of a dry deployment.

use souk_core::DeploymentId;

/// A mark, as its event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The deployment.
    pub deployment: DeploymentId,
    /// When its account was depleted.
    pub dry_since: u64,
    /// From when it can be reaped, in block time.
    pub reapable_at: u64,
    /// The block of the mark.
    pub height: u64,
}
