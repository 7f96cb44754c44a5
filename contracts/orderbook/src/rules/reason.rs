//! Why orders and leases end, and what becomes of their groups.

use souk_api::orderbook::GroupState;
use souk_core::CloseReason;

use crate::ContractError;

/// Who ends a lease, or what lets anyone do so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closer {
    /// The deployment's tenant or delegate.
    Tenant,
    /// The provider's operator.
    Provider,
    /// Whoever says that the provider's notice is over.
    Notice,
    /// Whoever says that the provider is absent.
    Absence,
}

impl Closer {
    /// The reason that is given for closing a lease, if it may be.
    ///
    /// # Errors
    /// If it is another's to give.
    pub fn reason(self, given: Option<CloseReason>) -> Result<CloseReason, ContractError> {
        match (self, given) {
            (Self::Tenant, None | Some(CloseReason::Tenant)) => Ok(CloseReason::Tenant),
            (Self::Provider | Self::Notice | Self::Absence, None) => Ok(CloseReason::Unspecified),
            (Self::Provider | Self::Notice, Some(reason)) if reason.is_providers() => Ok(reason),
            (_, Some(reason)) => Err(ContractError::ReasonNotAllowed(reason)),
        }
    }
}

/// What the terms of a lease say about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTerms {
    /// Whether a binding auction found its provider.
    pub binding: bool,
    /// Whether its group is put out again if its provider is absent.
    pub reopens: bool,
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
    /// The provider was absent: the group rests.
    Absence,
    /// The provider was absent, and the tenant wants another: the group is reopened without it, ten times in a
    /// day.
    AbsenceReopens,
    /// There was no manifest, and the tenant had chosen the provider: the group rests.
    NoManifest,
    /// There was no manifest for the winner of an auction: the group is reopened without it, ten
    /// times in a day.
    NoManifestForWinner,
}

impl Aftermath {
    /// Of a lease with `terms` that `closer` ends for `reason`, after its provider's notice or not.
    pub fn of(closer: Closer, reason: CloseReason, terms: LeaseTerms, notice: bool) -> Self {
        let LeaseTerms { binding, reopens } = terms;
        match (closer, reason) {
            (_, CloseReason::InsufficientFunds) => Self::NoFunds,
            (Closer::Tenant, _) => Self::ByTenant,
            (Closer::Absence, _) if reopens => Self::AbsenceReopens,
            (Closer::Absence, _) => Self::Absence,
            (_, CloseReason::ManifestTimeout) if binding => Self::NoManifestForWinner,
            (_, CloseReason::ManifestTimeout) => Self::NoManifest,
            (Closer::Provider | Closer::Notice, _) if notice => Self::Notice,
            (Closer::Provider | Closer::Notice, _) => Self::Breach,
        }
    }

    /// Whether the provider is to blame.
    pub fn is_breach(self) -> bool {
        self == Self::Breach
    }

    /// Whether the provider may not bid on the group any more, whatever its tenant says.
    pub fn excludes(self) -> bool {
        match self {
            Self::Breach
            | Self::Notice
            | Self::Absence
            | Self::AbsenceReopens
            | Self::NoManifestForWinner => true,
            Self::NoFunds | Self::ByTenant | Self::NoManifest => false,
        }
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
