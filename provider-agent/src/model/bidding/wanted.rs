//! What a decision is about: the group of an order, or one that is on no chain.

use souk_api::orderbook::{EXTENSION, MAX_EXTENSIONS};
use souk_core::{AuctionPolicy, Denom, GroupSpec, Price};

use crate::model::{Order, OrderDetail};

/// Seconds by which extensions move an auction's close at most; attestations must be valid until
/// then.
const EXTENSIONS: u64 = EXTENSION * MAX_EXTENSIONS as u64;

/// A group, and what comes with it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The group.
    pub group: &'a GroupSpec,
    /// What it is paid in.
    pub denom: &'a Denom,
    /// The highest price, in base units an hour.
    pub ceiling: Price,
    /// How the winner is chosen.
    pub auction: AuctionPolicy,
    /// If not empty, only these providers may run it.
    pub allow: &'a [String],
    /// Providers that the tenant refuses.
    pub refuse: &'a [String],
    /// Providers that closed a lease of this group before.
    pub excluded: &'a [String],
    /// The least notice before its lease is taken back, in seconds, if one is asked for.
    pub reclamation: Option<u64>,
    /// For how long its provider may not be seen before it counts as absent, in seconds; none of orders that are
    /// older than that rule.
    pub absence_limit: Option<u64>,
    /// Until when attestations must last; block time.
    pub attested_until: u64,
    /// When it stopped to take bids, if it did.
    pub over: Option<u64>,
    /// The blocks since its order was opened; 0 of one that is on no chain.
    pub age: u64,
}

impl<'a> Wanted<'a> {
    /// An order's, at this block time and height.
    pub fn of_order(order: &'a Order, detail: &'a OrderDetail, now: u64, height: u64) -> Self {
        Self {
            group: &detail.spec,
            denom: &order.denom,
            ceiling: order.ceiling,
            auction: order.auction,
            allow: &detail.allow,
            refuse: &detail.refuse,
            excluded: &detail.excluded,
            reclamation: detail.reclamation,
            absence_limit: detail.absence_limit,
            attested_until: attested_until(order, detail, now),
            over: end_of_bidding(order, now, height),
            age: height.saturating_sub(order.opened_height),
        }
    }

    /// One that is on no chain and whose lease would begin at once, until `attested_until` at the latest. Its tenant
    /// asks whom it likes.
    pub fn off_chain(
        group: &'a GroupSpec,
        denom: &'a Denom,
        reclamation: Option<u64>,
        absence_limit: u64,
        attested_until: u64,
    ) -> Self {
        Self {
            group,
            denom,
            ceiling: group.ceiling,
            auction: AuctionPolicy::TenantChoice {},
            allow: &[],
            refuse: &[],
            excluded: &[],
            reclamation,
            absence_limit: Some(absence_limit),
            attested_until,
            over: None,
            age: 0,
        }
    }

    /// Whether the lowest bid wins.
    pub(super) fn is_binding(&self) -> bool {
        matches!(self.auction, AuctionPolicy::LowestPrice { .. })
    }
}

/// Until when attestations must last: the latest regular close of a binding auction, else now.
fn attested_until(order: &Order, detail: &OrderDetail, now: u64) -> u64 {
    match order.auction {
        AuctionPolicy::LowestPrice { closes_after } => {
            let latest = closes_after.saturating_add(EXTENSIONS);
            now.max(detail.created_at.saturating_add(latest))
        }
        AuctionPolicy::TenantChoice {} => now,
    }
}

/// When an order stopped taking bids, if it did by this block time and height.
pub(super) fn end_of_bidding(order: &Order, now: u64, height: u64) -> Option<u64> {
    // At the close no bid is taken any more; in the lifetime's last second one still is.
    if let Some(closed_at) = order.auction_over(now, height) {
        return Some(closed_at);
    }
    let end = order.expires_at;
    (!order.open || now > end).then_some(end)
}
