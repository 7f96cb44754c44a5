//! What is counted of a provider, and whether it may bid.

use souk_api::orderbook::{EligibilityResponse, ProviderStatsResponse};
use souk_contract_std::{CommonError, Config as _};
use souk_core::{CloseReason, OrderId};

use crate::{
    ContractError, View,
    eligibility::{self, Bidder},
    lifecycle::order::LoadedOrder,
    neighbours::registry,
    state::provider_stats,
};

/// The checks of a bid, price aside, with the error that a bid would get.
pub fn eligible(
    view: &View,
    id: OrderId,
    provider: &str,
) -> Result<EligibilityResponse, ContractError> {
    let reason = check(view, id, provider).err().map(|error| error.to_string());
    Ok(EligibilityResponse { eligible: reason.is_none(), reason })
}

fn check(view: &View, id: OrderId, provider: &str) -> Result<(), ContractError> {
    if view.config.is_paused(view.now()) {
        return Err(CommonError::Paused.into());
    }
    let loaded = LoadedOrder::load(view.storage, id)?;
    eligibility::check_takes_bids(view, &loaded)?;
    let address = view.address(provider)?;
    let record = registry::get(view, &address)?;
    let stats = provider_stats::get(view.storage, &address)?;
    let bidder = Bidder { address, record };
    eligibility::check(view, &loaded, &bidder, &stats, None)?;
    eligibility::check_no_bid(view, loaded.id, &bidder.address)?;
    Ok(())
}

/// Slots and history.
pub fn provider_stats(view: &View, provider: &str) -> Result<ProviderStatsResponse, ContractError> {
    let address = view.address(provider)?;
    let stats = provider_stats::get(view.storage, &address)?;
    let slots = registry::find(view, &address)?.map_or(0, |record| record.slots);
    Ok(ProviderStatsResponse {
        provider: address.into(),
        slots,
        used: stats.used,
        won: stats.won,
        active: stats.active,
        closed: CloseReason::ALL.into_iter().zip(stats.closed).collect(),
        breaches: stats.breaches,
        seen_at: stats.seen.0,
        seen_block: stats.seen.1,
        absences: stats.absences,
    })
}
