//! What an account lacks.

use thiserror::Error;

/// An account that does not last for the least runway.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{has} base units, where {burden} an hour for {runway} s need {needed}")]
pub struct Shortfall {
    /// Whole base units that are there.
    pub has: u128,
    /// Base units that it takes, rounded up.
    pub needed: u128,
    /// All rates and reserves, base units an hour.
    pub burden: u128,
    /// The least runway, in seconds.
    pub runway: u64,
}
