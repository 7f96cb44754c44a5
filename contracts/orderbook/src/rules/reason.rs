//! Why orders and leases end, and what becomes of their groups.

use souk_api::orderbook::GroupState;
use souk_core::CloseReason;

use crate::ContractError;

/// The two sides of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The deployment's tenant or delegate.
    Tenant,
    /// The provider's operator.
    Provider,
}

impl Side {
    /// The reason that this side gives for closing a lease, if it may.
    ///
    /// # Errors
    /// If it is the other side's to give.
    pub fn reason(self, given: Option<CloseReason>) -> Result<CloseReason, ContractError> {
        match (self, given) {
            (Self::Tenant, None | Some(CloseReason::Tenant)) => Ok(CloseReason::Tenant),
            (Self::Provider, None) => Ok(CloseReason::Unspecified),
            (Self::Provider, Some(reason)) if reason.is_providers() => Ok(reason),
            (_, Some(reason)) => Err(ContractError::ReasonNotAllowed(reason)),
        }
    }
}

/// What an end of a lease means for its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nobody is to blame and there is no money: the group rests.
    NoFunds,
    /// Its tenant ended it: the group is reopened.
    ByTenant,
    /// The provider ended it without notice: the group is reopened without it, ten times in a day.
    Breach,
    /// The provider's notice was over: the group is reopened without it, ten times in a day.
    Notice,
    /// There was no manifest, and the tenant had chosen the provider: the group rests.
    NoManifest,
    /// There was no manifest for the winner of an auction: the group is reopened without it, ten
    /// times in a day.
    NoManifestForWinner,
}

impl Aftermath {
    /// Of a lease of a binding auction or not, that is ended for `reason` by `side`, after its provider's
    /// notice or not.
    pub fn of(side: Side, reason: CloseReason, binding: bool, notice: bool) -> Self {
        match (side, reason) {
            (_, CloseReason::InsufficientFunds) => Self::NoFunds,
            (Side::Tenant, _) => Self::ByTenant,
            (Side::Provider, CloseReason::ManifestTimeout) if binding => Self::NoManifestForWinner,
            (Side::Provider, CloseReason::ManifestTimeout) => Self::NoManifest,
            (Side::Provider, _) if notice => Self::Notice,
            (Side::Provider, _) => Self::Breach,
        }
    }

    /// Whether the provider is to blame.
    pub fn is_breach(self) -> bool {
        self == Self::Breach
    }

    /// Whether the provider may not bid on the group any more, whatever its tenant says.
    pub fn excludes(self) -> bool {
        matches!(self, Self::Breach | Self::Notice | Self::NoManifestForWinner)
    }
}

/// Why an order ends without a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// Its lifetime is over.
    Expired,
    /// Its auction closed without a bid that counts.
    NoBids,
    /// The account could not carry the winner.
    InsufficientFunds,
    /// Its tenant paused the group.
    GroupPaused,
    /// Its tenant closed the group.
    GroupClosed,
    /// Its deployment ended.
    DeploymentClosed,
}

impl OrderEnd {
    /// The word in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NoBids => "no_bids",
            Self::InsufficientFunds => "insufficient_funds",
            Self::GroupPaused => "group_paused",
            Self::GroupClosed => "group_closed",
            Self::DeploymentClosed => "deployment_closed",
        }
    }

    /// What becomes of the group, if its deployment goes on.
    pub fn group_state(self) -> GroupState {
        match self {
            Self::Expired | Self::NoBids | Self::GroupPaused => GroupState::Paused,
            Self::InsufficientFunds => GroupState::InsufficientFunds,
            Self::GroupClosed | Self::DeploymentClosed => GroupState::Closed,
        }
    }
}
