//! How the winner of an order is found.

use std::fmt;

use cosmwasm_schema::cw_serde;

/// The tenant's choice at creation; it holds for every order of the deployment.
#[cw_serde]
#[derive(Copy, Eq)]
pub enum AuctionPolicy {
    /// The tenant accepts any bid at any time while the order is open.
    TenantChoice {},
    /// Binding: no bids after the close, the lowest wins, ties go to the earlier bid.
    LowestPrice {
        /// Seconds from the order's creation to the close.
        closes_after: u64,
    },
}

impl fmt::Display for AuctionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TenantChoice {} => f.write_str("tenant_choice"),
            Self::LowestPrice { closes_after } => write!(f, "lowest_price:{closes_after}"),
        }
    }
}
