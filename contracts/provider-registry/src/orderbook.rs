//! What is read of the orderbook: how many slots bids and leases of a provider use.

use cosmwasm_std::{Addr, QuerierWrapper};
use souk_api::published::{self, ProviderStats, names};

use crate::{ContractError, Ctx, state::Config};

/// Slots of a provider in use; none before there is an orderbook or if it never bid.
///
/// # Errors
/// If the orderbook's record cannot be read.
pub fn used_slots(ctx: &Ctx, provider: &Addr) -> Result<u32, ContractError> {
    let Some(orderbook) = &ctx.config.orderbook else { return Ok(0) };
    let key = published::provider_stats_key(provider.as_str());
    let stats = published::read::<ProviderStats, _>(&ctx.deps.querier, orderbook.as_str(), key)?;
    Ok(stats.map_or(0, |stats| stats.used))
}

/// Makes sure that the orderbook, if one is set, is one.
///
/// # Errors
/// If it is something else.
pub fn probe(querier: &QuerierWrapper, config: &Config) -> Result<(), ContractError> {
    if let Some(orderbook) = &config.orderbook {
        published::probe(querier, orderbook.as_str(), names::ORDERBOOK)?;
    }
    Ok(())
}
