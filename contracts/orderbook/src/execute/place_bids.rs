//! A provider bids on several orders.

use cosmwasm_std::Response;
use souk_api::{
    orderbook::{MAX_BIDS, NewBid, events::BidRefused},
    published::ProviderStats,
};
use souk_contract_std::limits::check_count;

use crate::{
    ContractError, Ctx,
    bidding::bid::{self, Checked},
    eligibility::Bidder,
    state::{
        bids::{self, Bid},
        provider_stats,
    },
};

/// One after the other, so that the slots of those before count. What is not taken is left out and said.
///
/// # Errors
/// If there are too many bids, or if one that passed its checks cannot be written.
pub fn place_bids(
    ctx: &mut Ctx,
    bidder: &Bidder,
    new: Vec<NewBid>,
) -> Result<Response, ContractError> {
    check_count("bids", new.len(), MAX_BIDS)?;
    let mut stats = provider_stats::get(ctx.storage(), &bidder.address)?;
    let mut response = Response::new();
    for new in new {
        let (order, price) = (new.order, new.price);
        let bid = bids::find(ctx.storage(), order, &bidder.address)?;
        let stands_at = bid.as_ref().map(|bid| bid.price);
        let checked = check(ctx, bidder, &stats, &new, bid.as_ref());
        let events = match (checked, bid) {
            (Ok(checked), None) => checked.place(ctx, bidder, &mut stats, new)?,
            (Ok(checked), Some(bid)) => checked.lower(ctx, bidder, bid)?,
            (Err(why), _) => {
                let (provider, why) = (bidder.address.to_string(), why.to_string());
                vec![BidRefused { order, provider, price, why, stands_at }.into()]
            }
        };
        response = response.add_events(events);
    }
    provider_stats::save(ctx.storage_mut(), &bidder.address, stats)?;
    Ok(response)
}

/// Checks one of them, with the bid that it would lower if there is one. Nothing is written. One that stands has its
/// price alone lowered: what else it offers was promised.
fn check(
    ctx: &Ctx,
    bidder: &Bidder,
    stats: &ProviderStats,
    new: &NewBid,
    stands_at: Option<&Bid>,
) -> Result<Checked, ContractError> {
    let view = &ctx.view();
    let Some(bid) = stands_at else { return bid::check_new(view, bidder, stats, new) };
    let other_offer = !new.offer.is_empty() && new.offer != bid.offer;
    let other_window = new.reclamation_window.is_some() && new.reclamation_window != bid.window;
    if new.price == bid.price || other_offer || other_window {
        let (order, provider, price) = (new.order, bidder.address.clone(), bid.price);
        return Err(ContractError::BidExists { order, provider, price });
    }
    bid::check_lower(view, bidder, new.order, bid, new.price)
}
