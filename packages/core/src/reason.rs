//! Why a lease, an order or a deployment came to its end.

use std::{fmt, str::FromStr};

use cosmwasm_schema::cw_serde;
use thiserror::Error;

/// The close reasons of the field, by who gives them.
#[cw_serde]
#[derive(Copy, Eq, Hash, PartialOrd, Ord)]
pub enum CloseReason {
    /// The tenant closed it.
    Tenant,
    /// Provider: the workload does not run stably.
    Unstable,
    /// Provider: the hardware goes away.
    Decommission,
    /// Provider: no reason given.
    Unspecified,
    /// Provider: no manifest came in time.
    ManifestTimeout,
    /// The account was depleted.
    InsufficientFunds,
}

/// A word that names no close reason.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a close reason; providers give unstable, decommission, unspecified or manifest_timeout"
)]
pub struct ReasonError(String);

impl CloseReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::Tenant,
        Self::Unstable,
        Self::Decommission,
        Self::Unspecified,
        Self::ManifestTimeout,
        Self::InsufficientFunds,
    ];

    /// Whether a provider may give it.
    pub fn is_providers(self) -> bool {
        !matches!(self, Self::Tenant | Self::InsufficientFunds)
    }

    /// The word in stored records: as [`CloseReason::as_str`], but the tenant is the `owner`
    /// there, as in the first release.
    pub const fn as_stored(self) -> &'static str {
        match self {
            Self::Tenant => "owner",
            other => other.as_str(),
        }
    }

    /// Reads what [`CloseReason::as_stored`] wrote.
    ///
    /// # Errors
    /// If the word names no reason.
    pub fn from_stored(text: &str) -> Result<Self, ReasonError> {
        match text {
            "owner" => Ok(Self::Tenant),
            other => other.parse(),
        }
    }

    /// The word used in messages, events and on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Unstable => "unstable",
            Self::Decommission => "decommission",
            Self::Unspecified => "unspecified",
            Self::ManifestTimeout => "manifest_timeout",
            Self::InsufficientFunds => "insufficient_funds",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CloseReason {
    type Err = ReasonError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| ReasonError(text.to_owned()))
    }
}
