//! The mark of a depleted deployment.

use souk_core::DeploymentId;

/// A mark, as its event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The deployment.
    pub deployment: DeploymentId,
    /// When its account was depleted.
    pub depleted_since: u64,
    /// From when it can be ended, in block time.
    pub endable_at: u64,
    /// The block of the mark.
    pub height: u64,
}
