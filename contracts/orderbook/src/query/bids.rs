//! Bids, one provider's or all of an order's.

use cosmwasm_std::Addr;
use souk_api::{
    orderbook::{BidResponse, BidState, BidsResponse, OrderState},
    paging,
};
use souk_core::{OrderId, Price};

use super::Asked;
use crate::{
    ContractError,
    state::{
        bids::{self, Bid},
        orders::{self, Order},
    },
};

/// One provider's.
pub fn one(asked: &Asked, id: OrderId, provider: &str) -> Result<BidResponse, ContractError> {
    let order = orders::get(asked.view.storage, id)?;
    let provider = asked.addr(provider)?;
    let bid = bids::get(asked.view.storage, id, &provider)?;
    Ok(response(asked, id, &order, provider, bid))
}

/// A page, the lowest first.
pub fn page(
    asked: &Asked,
    id: OrderId,
    start_after: Option<(Price, u64)>,
    limit: Option<u32>,
) -> Result<BidsResponse, ContractError> {
    let order = orders::get(asked.view.storage, id)?;
    let found = bids::page(asked.view.storage, id, start_after, paging::limit(limit))?;
    let found = found.into_iter();
    let bids = found.map(|(provider, bid)| response(asked, id, &order, provider, bid)).collect();
    Ok(BidsResponse { bids })
}

fn response(asked: &Asked, id: OrderId, order: &Order, provider: Addr, bid: Bid) -> BidResponse {
    let state = state(order, &provider, asked.view.now);
    BidResponse {
        id: bid.id,
        order: id,
        provider: provider.into(),
        price: bid.price,
        position: bid.position,
        offer: bid.offer,
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
