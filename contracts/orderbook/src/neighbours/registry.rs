//! What the registry publishes of a provider, by raw reads; and once, whose bonds they are.

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Addr, QuerierWrapper};
use souk_api::published::{self, ProviderRecord};

use crate::{ContractError, View};

/// The one query that the registry is asked.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum Query {
    Config {},
}

/// What is needed of its answer.
#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct Answer {
    orderbook: Option<String>,
}

/// Makes sure that the bonds of a registry back this orderbook's slots and no other's: it names this one. A
/// registry names one for good, so it is asked once.
///
/// # Errors
/// If it names another one or none, or does not answer.
pub fn check_own(
    querier: &QuerierWrapper,
    registry: &Addr,
    own: &Addr,
) -> Result<(), ContractError> {
    let known: Answer = querier.query_wasm_smart(registry, &Query::Config {})?;
    match known.orderbook {
        Some(orderbook) if orderbook == own.as_str() => Ok(()),
        Some(orderbook) => {
            Err(ContractError::RegistryOfAnother { registry: registry.clone(), orderbook })
        }
        None => Err(ContractError::RegistryOfNone(registry.clone())),
    }
}

/// A provider as the registry knows it; none if it is not registered (any more).
///
/// # Errors
/// If its record cannot be read.
pub fn find(view: &View, provider: &Addr) -> Result<Option<ProviderRecord>, ContractError> {
    let key = published::provider_key(provider.as_str());
    Ok(published::read(&view.querier, view.config.registry.as_str(), key)?)
}

/// A registered provider.
///
/// # Errors
/// If it is not registered, or if its record cannot be read.
pub fn get(view: &View, provider: &Addr) -> Result<ProviderRecord, ContractError> {
    find(view, provider)?.ok_or_else(|| ContractError::NotRegistered(provider.clone()))
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_vec};
    use souk_api::{
        defaults,
        registry::{ConfigResponse, QueryMsg},
    };
    use souk_core::Amount;

    use super::*;

    #[test]
    fn the_registry_is_asked_and_read_as_it_defines_it() -> StdResult<()> {
        assert_eq!(to_json_vec(&Query::Config {})?, to_json_vec(&QueryMsg::Config {})?);
        let answer = ConfigResponse {
            guardian: "souk1guardian".into(),
            bond_denom: "usouk".into(),
            min_bond: Amount::ZERO,
            unbonding_period: 1,
            bond_per_slot: Amount::ZERO,
            orderbook: Some("souk1orderbook".into()),
            slashers: Vec::new(),
            slashing: defaults::SLASHING,
            slash_receiver: None,
            change_delay: 0,
            paused: false,
            pause_ends: None,
        };
        let read: Answer = from_json(to_json_vec(&answer)?)?;
        assert_eq!(read.orderbook, answer.orderbook);
        Ok(())
    }
}
