//! What the orderbook knows of a provider, and whether it may bid.

use souk_api::orderbook::{EligibilityResponse, ProviderStatsResponse};
use souk_core::{CloseReason, OrderId};

use super::Asked;
use crate::{
    ContractError,
    eligibility::{self, Bidder},
    providers,
    state::provider_stats,
    tender::Tender,
};

/// The checks of a bid, price aside, with the error that a bid would get.
pub fn eligible(
    asked: &Asked,
    id: OrderId,
    provider: &str,
) -> Result<EligibilityResponse, ContractError> {
    let reason = check(asked, id, provider).err().map(|error| error.to_string());
    Ok(EligibilityResponse { eligible: reason.is_none(), reason })
}

fn check(asked: &Asked, id: OrderId, provider: &str) -> Result<(), ContractError> {
    let view = &asked.view;
    if view.config.paused {
        return Err(ContractError::Paused {});
    }
    let tender = Tender::load(view.storage, id)?;
    eligibility::check_takes_bids(view, &tender)?;
    let address = asked.addr(provider)?;
    let record = providers::get(view, &address)?;
    eligibility::check(view, &tender, &Bidder { address, record }, None)?;
    Ok(())
}

/// Slots and history.
pub fn stats(asked: &Asked, provider: &str) -> Result<ProviderStatsResponse, ContractError> {
    let address = asked.addr(provider)?;
    let stats = provider_stats::get(asked.view.storage, &address)?;
    let slots = providers::find(&asked.view, &address)?.map_or(0, |record| record.slots);
    Ok(ProviderStatsResponse {
        provider: address.into(),
        slots,
        used: stats.used,
        won: stats.won,
        active: stats.active,
        closed: CloseReason::ALL.into_iter().zip(stats.closed).collect(),
        breaches: stats.breaches,
    })
}
