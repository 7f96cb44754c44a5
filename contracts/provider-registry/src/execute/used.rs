//! What bids and leases use of a bond, as the orderbook's books tell.

use cosmwasm_std::{Addr, Deps};
use souk_api::published::{self, ProviderStats, names};

use crate::{
    ContractError,
    state::{self, Config},
};

/// Slots of a provider in use; none before there is an orderbook or if it never bid.
pub fn slots(deps: Deps, config: &Config, provider: &Addr) -> Result<u32, ContractError> {
    let Some(orderbook) = &config.orderbook else { return Ok(0) };
    let key = published::provider_stats_key(provider.as_str());
    let book = published::read::<ProviderStats, _>(&deps.querier, orderbook.as_str(), key)?;
    Ok(book.map_or(0, |book| book.used))
}

/// Makes sure that the orderbook, if there is one, still is one.
pub fn probe_orderbook(deps: Deps) -> Result<(), ContractError> {
    if let Some(orderbook) = state::config(deps.storage)?.orderbook {
        published::probe(&deps.querier, orderbook.as_str(), names::ORDERBOOK)?;
    }
    Ok(())
}
