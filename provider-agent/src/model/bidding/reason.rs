//! Why there is no bid: in full for the provider, without its own numbers for the order's tenant.

use souk_core::{Denom, Price, matching::Mismatch};

use super::NoRate;
use crate::model::placement::Shortage;

/// Why there is no bid on an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Bidding is switched off in the configuration.
    #[error("bidding is switched off (bidding.enabled)")]
    Disabled,
    /// The provider is not registered.
    #[error("the provider is not registered on the chain; run `souk provider register`")]
    NotRegistered,
    /// The provider is registered with another operator key.
    #[error("the chain has {0} as the provider's operator, which is not this agent's key")]
    NotOperator(String),
    /// The provider is in maintenance.
    #[error("the provider is in maintenance on the chain")]
    Maintenance,
    /// The orderbook takes no bids.
    #[error("the orderbook is paused")]
    Paused,
    /// The operator's coins do not last for heartbeats.
    #[error("{0}")]
    Coins(String),
    /// Its lifetime or its auction is over.
    #[error("the order took bids until {0}")]
    Over(u64),
    /// The tenant allows others alone.
    #[error("the tenant allows other providers only")]
    NotAllowed,
    /// The tenant refuses this provider.
    #[error("the tenant refuses this provider")]
    Refused,
    /// The provider closed a lease of this group before.
    #[error("this provider had the group before and is excluded")]
    Excluded,
    /// Attributes, attestations or capabilities.
    #[error("{0}")]
    Mismatch(#[from] Mismatch),
    /// A denom without prices.
    #[error("there are no prices in {0} (bidding.rates)")]
    Denom(Denom),
    /// A resource without a price.
    #[error("{0}")]
    NoRate(#[from] NoRate),
    /// A kind of endpoint that is not offered.
    #[error("{0}")]
    Endpoint(&'static str),
    /// The order asks for a longer notice of a reclaim than is given.
    #[error(
        "the order asks for {asked} s of notice before a reclaim, this provider gives {given} s (bidding.reclamation_window)"
    )]
    Notice {
        /// What the order asks for.
        asked: u64,
        /// What is configured.
        given: u64,
    },
    /// The order's limit for absence is shorter than the least that is taken.
    #[error(
        "the order counts a provider as absent after {asked} s, this one takes {least} s or more (bidding.shortest_absence_limit)"
    )]
    AbsenceLimit {
        /// What the order asks for.
        asked: u64,
        /// What is configured.
        least: u64,
    },
    /// The price is above the order's ceiling.
    #[error("the price would be {price}, the order's ceiling is {ceiling} base units an hour")]
    AboveCeiling {
        /// The price by the table of rates.
        price: u128,
        /// The order's ceiling.
        ceiling: Price,
    },
    /// The lowest bid in a binding auction is at or below the floor.
    #[error("the lowest bid is {best}, the lowest worth bidding {floor} base units an hour")]
    CannotWin {
        /// The lowest bid.
        best: Price,
        /// The least that this provider takes.
        floor: u128,
    },
    /// The cluster has too little left.
    #[error("{0}")]
    Capacity(#[from] Shortage),
    /// Too many open bids for one tenant.
    #[error(
        "{open} bids for this tenant are open or not released yet, at most {cap} may be (bidding.max_open_bids_per_tenant, and bidding.max_slots_percent_per_tenant of the slots)"
    )]
    TenantCap {
        /// Bids that hold slots.
        open: u32,
        /// The limit.
        cap: u32,
    },
    /// The orderbook would not take a bid, as when the order's account has lost its cover.
    #[error("the orderbook would refuse a bid: {0}")]
    WouldBeRefused(String),
    /// All slots of the bond are in use.
    #[error("the bond backs {slots} bids and leases and {used} are in use; add bond")]
    NoSlots {
        /// Slots that the bond backs.
        slots: u32,
        /// Slots in use.
        used: u32,
    },
}

/// Why an order is not decided yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitReason {
    /// The order's group was not fetched yet.
    #[error("the order's details are not fetched yet")]
    Detail,
    /// The cluster cannot be seen.
    #[error("the cluster cannot be seen: {0}")]
    Cluster(String),
    /// The store was lost, and with it what was promised.
    #[error("the store is new, and quotes that were signed before may still be used, until {0}")]
    QuotesOut(u64),
}

/// The reason as the order's tenant sees it: without the provider's prices and capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TenantReason {
    /// A bid is or will be there.
    Bid,
    /// The provider takes no new orders.
    NotBidding,
    /// The order is over.
    Over,
    /// The tenant's own lists leave this provider out.
    TenantLists,
    /// Required attributes are missing.
    Attributes,
    /// Attestations are missing.
    Attestations,
    /// No such GPU, storage or endpoint.
    Capabilities,
    /// Not in this denom.
    Denom,
    /// The price does not meet.
    Price,
    /// The notice that it gives is shorter than asked for.
    Notice,
    /// The time after which it would count as absent is too short for it.
    AbsenceLimit,
    /// Too little capacity at present.
    Capacity,
    /// The provider's limits or bond.
    Limits,
    /// The chain refused the bid, or would.
    ChainRefused,
    /// The bid was not accepted in time.
    TakenBack,
    /// Not decided yet.
    Undecided,
}

impl TenantReason {
    /// The text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bid => "bid",
            Self::NotBidding => "takes no new orders",
            Self::Over => "order is over",
            Self::TenantLists => "left out by the tenant's own lists",
            Self::Attributes => "required attributes are missing",
            Self::Attestations => "required attestations are missing",
            Self::Capabilities => "does not offer such resources",
            Self::Denom => "takes no payment in this denom",
            Self::Price => "price does not meet",
            Self::Notice => "gives less notice before it takes a lease back",
            Self::AbsenceLimit => "wants a longer limit for absence",
            Self::Capacity => "no room at present",
            Self::Limits => "at its limit of open bids",
            Self::ChainRefused => "the chain refused the bid",
            Self::TakenBack => "took its bid back, which was not accepted in time",
            Self::Undecided => "not decided yet",
        }
    }
}

impl Reason {
    /// The reason as the order's tenant sees it.
    pub fn for_tenant(&self) -> TenantReason {
        match self {
            Self::Disabled
            | Self::NotRegistered
            | Self::NotOperator(_)
            | Self::Maintenance
            | Self::Paused
            | Self::Coins(_) => TenantReason::NotBidding,
            Self::Over(_) => TenantReason::Over,
            Self::NotAllowed | Self::Refused | Self::Excluded => TenantReason::TenantLists,
            Self::Mismatch(mismatch) => match mismatch {
                Mismatch::Attribute(_) => TenantReason::Attributes,
                Mismatch::AllOf { .. } | Mismatch::NotAudited(_) | Mismatch::AnyOf(_) => {
                    TenantReason::Attestations
                }
                Mismatch::Storage { .. } | Mismatch::Gpu(_) => TenantReason::Capabilities,
            },
            Self::Denom(_) => TenantReason::Denom,
            Self::NoRate(_) | Self::Endpoint(_) => TenantReason::Capabilities,
            Self::AboveCeiling { .. } | Self::CannotWin { .. } => TenantReason::Price,
            Self::Notice { .. } => TenantReason::Notice,
            Self::AbsenceLimit { .. } => TenantReason::AbsenceLimit,
            Self::Capacity(shortage) => match shortage {
                Shortage::NoGpu { .. } | Shortage::Arch(_) | Shortage::Unsupported(_) => {
                    TenantReason::Capabilities
                }
                _ => TenantReason::Capacity,
            },
            Self::TenantCap { .. } | Self::NoSlots { .. } => TenantReason::Limits,
            Self::WouldBeRefused(_) => TenantReason::ChainRefused,
        }
    }
}
