//! What is read of the orderbook: how many slots bids and leases of a provider use; and once, whether
//! it counts on the bonds of this registry.

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Addr, QuerierWrapper};
use souk_api::published::{self, ProviderStats, names};

use crate::{ContractError, Ctx, state::Config};

/// The one query that the orderbook is asked.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Query {
    Config {},
}

/// What is needed of its answer.
#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct Answer {
    registry: String,
}

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

/// Makes sure that an orderbook counts on the bonds of the registry at `own`. One that does not would never
/// show a slot in use, so that providers left while they serve; and it is set for good.
///
/// # Errors
/// If it is no orderbook, does not answer, or names another registry.
pub fn check_ours(
    querier: &QuerierWrapper,
    orderbook: &Addr,
    own: &Addr,
) -> Result<(), ContractError> {
    published::probe(querier, orderbook.as_str(), names::ORDERBOOK)?;
    let Answer { registry } = querier.query_wasm_smart(orderbook, &Query::Config {})?;
    if registry == own.as_str() {
        return Ok(());
    }
    Err(ContractError::OrderbookOfAnother { orderbook: orderbook.clone(), registry })
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_vec};
    use souk_api::{
        defaults,
        orderbook::{ConfigResponse, QueryMsg},
    };

    use super::*;

    #[test]
    fn the_orderbook_is_asked_and_read_as_it_defines_it() -> StdResult<()> {
        assert_eq!(to_json_vec(&Query::Config {})?, to_json_vec(&QueryMsg::Config {})?);
        let answer = ConfigResponse {
            guardian: "souk1guardian".into(),
            escrow: "souk1escrow".into(),
            registry: "souk1registry".into(),
            attestations: "souk1attestations".into(),
            denoms: Vec::new(),
            params: defaults::orderbook_params(),
            paused: false,
            pause_ends: None,
        };
        let read: Answer = from_json(to_json_vec(&answer)?)?;
        assert_eq!(read.registry, answer.registry);
        Ok(())
    }
}
