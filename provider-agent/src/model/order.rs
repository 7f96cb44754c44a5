//! An order of the market, as the provider knows it.

use serde::{Deserialize, Serialize};
use souk_api::orderbook::OrderResponse;
use souk_core::{AuctionPolicy, Denom, GroupId, GroupSpec, OrderId, Price};

use super::heartbeat::limit_of;

/// An order that takes bids, or that became an own lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// The group that it is for.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// The highest price, in base units an hour.
    pub ceiling: Price,
    /// What it is paid in.
    pub denom: Denom,
    /// How the winner is chosen.
    pub auction: AuctionPolicy,
    /// Its last second; block time.
    pub expires_at: u64,
    /// When its auction closes, extensions included.
    pub closes_at: Option<u64>,
    /// Whether it takes bids, as far as events say; after `expires_at` it does not.
    pub open: bool,
    /// The block that opened it.
    pub opened_height: u64,
    /// The last block in which anyone's bid on it was placed or changed.
    pub bids_height: u64,
    /// What its event does not carry; none until it is fetched.
    pub detail: Option<OrderDetail>,
}

/// What an order's event does not carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetail {
    /// What it asks for.
    pub spec: GroupSpec,
    /// When it was created.
    pub created_at: u64,
    /// If not empty, only these providers may bid.
    pub allow: Vec<String>,
    /// Providers that the tenant refuses.
    pub refuse: Vec<String>,
    /// Providers that closed a lease of this group before.
    pub excluded: Vec<String>,
    /// The least notice before its lease is taken back, in seconds, if it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation: Option<u64>,
    /// The block before which its auction does not close, extensions included. None of orderbooks of the first
    /// release, which do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at_block: Option<u64>,
    /// For how long its lease's provider may not be seen before it counts as absent, in seconds; none of orders that
    /// are older than that rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence_limit: Option<u64>,
}

impl Order {
    /// When its auction was over, if it is at this time and height. A chain that stood still leaves bidders their
    /// time in blocks.
    pub fn auction_over(&self, time: u64, height: u64) -> Option<u64> {
        let block = self.detail.as_ref().and_then(|detail| detail.closes_at_block);
        self.closes_at.filter(|end| *end <= time && block.is_none_or(|block| block <= height))
    }
}

impl From<&OrderResponse> for OrderDetail {
    fn from(order: &OrderResponse) -> Self {
        Self {
            spec: order.spec.clone(),
            created_at: order.created_at,
            allow: order.allow.clone(),
            refuse: order.refuse.clone(),
            excluded: order.excluded.clone(),
            reclamation: order.reclamation.map(|asked| asked.min_window),
            closes_at_block: order.closes_at_block,
            absence_limit: order.absence.as_ref().map(limit_of),
        }
    }
}
