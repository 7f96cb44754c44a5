//! The configuration.

use cosmwasm_std::{StdError, StdResult};
use souk_api::orderbook::{ConfigResponse, DenomConfig};
use souk_contract_std::Config as _;
use souk_core::Denom;

use crate::{ContractError, View, state::denoms};

/// What the owner decided, with the terms of every denom.
pub fn config(view: &View) -> Result<ConfigResponse, ContractError> {
    let config = view.config;
    let denoms: StdResult<Vec<_>> = denoms::all(view.storage)?.into_iter().map(denom).collect();
    Ok(ConfigResponse {
        guardian: config.guardian.to_string(),
        escrow: config.escrow.to_string(),
        registry: config.registry.to_string(),
        attestations: config.attestations.to_string(),
        denoms: denoms?,
        params: config.params,
        paused: config.is_paused(view.now()),
        pause_ends: config.pause().end(view.now()),
    })
}

fn denom((denom, terms): (String, denoms::Terms)) -> StdResult<DenomConfig> {
    let unreadable = |_| StdError::generic_err(format!("stored denom `{denom}` cannot be read"));
    Ok(DenomConfig {
        denom: denom.parse::<Denom>().map_err(unreadable)?,
        min_price: terms.min_price,
        max_price: terms.max_price,
        min_deposit: terms.min_deposit,
        take_bps: terms.take_bps,
        delisted: terms.delisted.then_some(true),
    })
}
