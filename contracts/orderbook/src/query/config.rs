//! The configuration.

use souk_api::orderbook::{ConfigResponse, DenomConfig};
use souk_contract_std::Config as _;
use souk_core::Denom;

use crate::{ContractError, View, state::denoms};

/// What the owner decided, with the terms of every denom.
pub fn config(view: &View) -> Result<ConfigResponse, ContractError> {
    let config = view.config;
    let denoms: Result<Vec<_>, ContractError> =
        denoms::all(view.storage)?.into_iter().map(denom).collect();
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

fn denom((denom, terms): (String, denoms::Terms)) -> Result<DenomConfig, ContractError> {
    let unreadable =
        |_| ContractError::DenomNotAccepted { denom: denom.clone(), accepted: String::new() };
    Ok(DenomConfig {
        denom: denom.parse::<Denom>().map_err(unreadable)?,
        min_price: terms.min_price,
        max_price: terms.max_price,
        min_deposit: terms.min_deposit,
        take_bps: terms.take_bps,
        delisted: terms.delisted.then_some(true),
    })
}
