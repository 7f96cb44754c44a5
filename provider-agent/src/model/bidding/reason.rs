//! Why there is no bid: in full for the provider, in a word for the order's tenant.

use souk_core::{Denom, Price, matching::Mismatch};

use super::NoRate;
use crate::model::placement::Shortage;

/// Why an order is passed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The configuration says so.
    #[error("bidding is switched off (bidding.enabled)")]
    Disabled,
    /// The chain does not know the provider.
    #[error("the provider is not registered on the chain; run `souk provider register`")]
    NotRegistered,
    /// The chain knows another operator key.
    #[error("the chain has {0} as the provider's operator, which is not this agent's key")]
    NotOperator(String),
    /// By the provider's own wish.
    #[error("the provider is in maintenance on the chain")]
    Maintenance,
    /// The orderbook takes no bids.
    #[error("the orderbook is paused")]
    Paused,
    /// Its lifetime or its auction is over.
    #[error("the order took bids until {0}")]
    Over(u64),
    /// The tenant allows others alone.
    #[error("the tenant allows other providers only")]
    NotAllowed,
    /// The tenant refuses this provider.
    #[error("the tenant refuses this provider")]
    Refused,
    /// It had the group before and closed it.
    #[error("this provider had the group before and is excluded")]
    Excluded,
    /// Attributes, attestations or capabilities.
    #[error("{0}")]
    Mismatch(#[from] Mismatch),
    /// A denom without prices.
    #[error("there are no prices in {0} (bidding.rates)")]
    Denom(Denom),
    /// Something without a price.
    #[error("{0}")]
    NoRate(#[from] NoRate),
    /// A kind of endpoint that is not offered.
    #[error("{0}")]
    Endpoint(&'static str),
    /// The own price is above what the tenant pays.
    #[error("the price would be {price}, the order's ceiling is {ceiling} base units an hour")]
    AboveCeiling {
        /// What it would cost.
        price: u128,
        /// What the tenant pays at most.
        ceiling: Price,
    },
    /// Another bid in a binding auction is lower than what is worth it.
    #[error("the lowest bid is {best}, the lowest worth bidding {floor} base units an hour")]
    CannotWin {
        /// The lowest bid on the book.
        best: Price,
        /// The least that this provider takes.
        floor: u128,
    },
    /// No room.
    #[error("{0}")]
    Capacity(#[from] Shortage),
    /// Too many open bids for one tenant.
    #[error("{open} bids for this tenant are open (bidding.max_open_bids_per_tenant is {cap})")]
    TenantCap {
        /// Open bids.
        open: u32,
        /// The limit.
        cap: u32,
    },
    /// The bond backs no more.
    #[error("the bond backs {slots} bids and leases and {used} are in use; add bond")]
    NoSlots {
        /// What it backs.
        slots: u32,
        /// What is used.
        used: u32,
    },
}

/// Why nothing is decided yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Waiting {
    /// The order's group was not fetched yet.
    #[error("the order's details are not fetched yet")]
    Detail,
    /// The cluster cannot be seen.
    #[error("the cluster cannot be seen: {0}")]
    Cluster(String),
}

/// What the order's tenant is told: which side of the matter it is, without figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coarse {
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
    /// No room at present.
    Capacity,
    /// The provider's limits or bond.
    Limits,
    /// The chain refused the bid.
    ChainRefused,
    /// Not decided yet.
    Undecided,
}

impl Coarse {
    /// The words.
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
            Self::Capacity => "no room at present",
            Self::Limits => "at its limit of open bids",
            Self::ChainRefused => "the chain refused the bid",
            Self::Undecided => "not decided yet",
        }
    }
}

impl Reason {
    /// What the order's tenant is told.
    pub fn coarse(&self) -> Coarse {
        match self {
            Self::Disabled
            | Self::NotRegistered
            | Self::NotOperator(_)
            | Self::Maintenance
            | Self::Paused => Coarse::NotBidding,
            Self::Over(_) => Coarse::Over,
            Self::NotAllowed | Self::Refused | Self::Excluded => Coarse::TenantLists,
            Self::Mismatch(mismatch) => match mismatch {
                Mismatch::Attribute(_) => Coarse::Attributes,
                Mismatch::AllOf { .. } | Mismatch::NotAudited(_) | Mismatch::AnyOf(_) => {
                    Coarse::Attestations
                }
                Mismatch::Storage { .. } | Mismatch::Gpu(_) => Coarse::Capabilities,
            },
            Self::Denom(_) => Coarse::Denom,
            Self::NoRate(_) | Self::Endpoint(_) => Coarse::Capabilities,
            Self::AboveCeiling { .. } | Self::CannotWin { .. } => Coarse::Price,
            Self::Capacity(shortage) => match shortage {
                Shortage::NoGpu { .. } | Shortage::Arch(_) | Shortage::Unsupported(_) => {
                    Coarse::Capabilities
                }
                _ => Coarse::Capacity,
            },
            Self::TenantCap { .. } | Self::NoSlots { .. } => Coarse::Limits,
        }
    }
}
