//! Why orders and leases end, and what becomes of their groups.

use souk_api::orderbook::GroupState;
use souk_core::CloseReason;

use crate::ContractError;

/// How often a group is reopened after closes by providers.
pub const MAX_REOPENINGS: usize = 3;

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

/// The state in which a group rests after a lease of it was closed, if it is not reopened:
/// without money, or after the provider's close if `excluded` providers closed before.
pub fn resting_state(depleted: bool, breach: bool, excluded: usize) -> Option<GroupState> {
    if depleted {
        return Some(GroupState::InsufficientFunds);
    }
    (breach && excluded >= MAX_REOPENINGS).then_some(GroupState::Paused)
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
            Self::DeploymentClosed => "deployment_closed",
        }
    }

    /// What becomes of the group, if its deployment goes on.
    pub fn group_state(self) -> GroupState {
        match self {
            Self::Expired | Self::NoBids => GroupState::Paused,
            Self::InsufficientFunds => GroupState::InsufficientFunds,
            Self::DeploymentClosed => GroupState::Closed,
        }
    }
}
