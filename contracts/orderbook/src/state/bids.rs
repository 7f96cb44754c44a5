//! Bids, found by bidder and by price. A bid's record is its slot: the provider uses one
//! slot for each record, and the winner's stays until its lease lets go of it.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};
use souk_contract_std::Page;
use souk_core::{Attribute, BidId, OrderId, Price};

use crate::ContractError;

const BIDS: Map<(u64, &Addr), Bid> = Map::new("t");
const BY_PRICE: Map<(u64, u128, u64), Addr> = Map::new("x");

/// A bid.
#[cw_serde]
pub struct Bid {
    /// Its number.
    #[serde(rename = "i")]
    pub id: BidId,
    /// Base units an hour.
    #[serde(rename = "r")]
    pub price: Price,
    /// Its place among bids of one price.
    #[serde(rename = "n")]
    pub position: u64,
    /// When it was placed.
    #[serde(rename = "t")]
    pub placed_at: u64,
    /// How often its provider had been slashed by then.
    #[serde(rename = "s")]
    pub slashes: u32,
    /// What the provider would give where the order leaves it open.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<Attribute>,
    /// The notice that it would give before it took the lease back, in seconds.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u64>,
    /// Whether it stands in no index by price: its order's tenant chooses.
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_chosen: bool,
}

/// A provider's bid, if it has one.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn find(storage: &dyn Storage, order: OrderId, provider: &Addr) -> StdResult<Option<Bid>> {
    BIDS.may_load(storage, (order.0, provider))
}

/// A provider's bid.
///
/// # Errors
/// [`ContractError::BidNotFound`], or if it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, order: OrderId, provider: &Addr) -> Result<Bid, ContractError> {
    let none = || ContractError::BidNotFound { order, provider: provider.clone() };
    find(storage, order, provider)?.ok_or_else(none)
}

/// Saves a new bid.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn add(storage: &mut dyn Storage, order: OrderId, provider: &Addr, bid: &Bid) -> StdResult<()> {
    if !bid.is_chosen {
        BY_PRICE.save(storage, (order.0, bid.price.u128(), bid.position), provider)?;
    }
    BIDS.save(storage, (order.0, provider), bid)
}

/// Deletes a bid.
pub fn remove(storage: &mut dyn Storage, order: OrderId, provider: &Addr, bid: &Bid) {
    if !bid.is_chosen {
        BY_PRICE.remove(storage, (order.0, bid.price.u128(), bid.position));
    }
    BIDS.remove(storage, (order.0, provider));
}

/// The lowest bid of an auction, the earliest among equals: one read of the index.
///
/// # Errors
/// If it is stored in a form that cannot be read.
pub fn lowest(storage: &dyn Storage, order: OrderId) -> StdResult<Option<(Addr, Bid)>> {
    Ok(page(storage, order, Page::first(1))?.pop())
}

/// Whether an order has any.
pub fn any(storage: &dyn Storage, order: OrderId) -> bool {
    let mut keys = BIDS.prefix(order.0).keys_raw(storage, None, None, Order::Ascending);
    keys.next().is_some()
}

/// An order's bids by bidder.
///
/// # Errors
/// If a bid is stored in a form that cannot be read.
pub fn page_by_bidder(
    storage: &dyn Storage,
    order: OrderId,
    page: Page<&Addr>,
) -> StdResult<Vec<(Addr, Bid)>> {
    let start = page.start_after.map(Bound::exclusive);
    let bids = BIDS.prefix(order.0).range(storage, start, None, Order::Ascending);
    bids.take(page.limit).collect()
}

/// Whose bid on an order has this position: for tools that name a bid by it. Reads all up to it.
pub fn bidder_at(storage: &dyn Storage, order: OrderId, position: u64) -> Option<Addr> {
    let mut bids = BIDS.prefix(order.0).range(storage, None, None, Order::Ascending).flatten();
    bids.find(|(_, bid)| bid.position == position).map(|(bidder, _)| bidder)
}

/// An auction's bids, the lowest first. The cursor is price and position.
///
/// # Errors
/// If a bid is stored in a form that cannot be read, or the index names one that is not there.
pub fn page(
    storage: &dyn Storage,
    order: OrderId,
    page: Page<(u128, u64)>,
) -> StdResult<Vec<(Addr, Bid)>> {
    let found = page.within(BY_PRICE.sub_prefix(order.0), storage)?.into_iter();
    let bids = found.map(|(_, provider)| {
        let bid = BIDS.load(storage, (order.0, &provider))?;
        Ok((provider, bid))
    });
    bids.collect()
}
