//! Bids, one provider's or all of an order's.

use cosmwasm_std::Addr;
use souk_api::orderbook::{BidResponse, BidState, BidsResponse, OrderState};
use souk_contract_std::Page;
use souk_core::{OrderId, Price};

use crate::{
    ContractError, View,
    state::{
        bids::{self, Bid},
        orders::{self, Order},
    },
};

/// One provider's.
pub fn bid(view: &View, id: OrderId, provider: &str) -> Result<BidResponse, ContractError> {
    let order = orders::get(view.storage, id)?;
    let provider = view.address(provider)?;
    let bid = bids::get(view.storage, id, &provider)?;
    Ok(describe(view, id, &order, provider, bid))
}

/// A page: of an auction the lowest first, else by bidder.
pub fn bids(
    view: &View,
    id: OrderId,
    start_after: Option<(Price, u64)>,
    after: Option<String>,
    limit: Option<u32>,
) -> Result<BidsResponse, ContractError> {
    let order = orders::get(view.storage, id)?;
    let found = if order.auction.is_some() {
        let cursor = start_after.map(|(price, position)| (price.u128(), position));
        bids::page(view.storage, id, Page::new(cursor, limit))?
    } else {
        let after = match (after, start_after) {
            (Some(bidder), _) => Some(view.address(&bidder)?),
            // As tools ask that know no other cursor.
            (None, Some((_, position))) => bids::bidder_at(view.storage, id, position),
            (None, None) => None,
        };
        bids::page_by_bidder(view.storage, id, Page::new(after.as_ref(), limit))?
    };
    let found = found.into_iter();
    let bids = found.map(|(provider, bid)| describe(view, id, &order, provider, bid)).collect();
    Ok(BidsResponse { bids })
}

fn describe(view: &View, id: OrderId, order: &Order, provider: Addr, bid: Bid) -> BidResponse {
    let state = state(order, &provider, view.now());
    BidResponse {
        id: bid.id,
        order: id,
        provider: provider.into(),
        price: bid.price,
        position: bid.position,
        offer: bid.offer,
        reclamation_window: bid.window,
        placed_at: bid.placed_at,
        state,
    }
}

/// A bid's state follows from its order's: nobody writes it.
fn state(order: &Order, provider: &Addr, now: u64) -> BidState {
    match order.lease() {
        Some(lease) if lease.provider == *provider => BidState::Active,
        None if order.state(now) == OrderState::Open => BidState::Open,
        _ => BidState::Lost,
    }
}
