//! The configuration.

use cosmwasm_std::Addr;
use souk_api::registry::ConfigResponse;
use souk_contract_std::Config as _;

use crate::View;

/// What the owner decided.
pub fn config(view: &View) -> ConfigResponse {
    let config = view.config;
    ConfigResponse {
        guardian: config.guardian.to_string(),
        bond_denom: config.bond_denom.clone(),
        min_bond: config.min_bond,
        unbonding_period: config.unbonding_period,
        bond_per_slot: config.bond_per_slot,
        orderbook: config.orderbook.as_ref().map(Addr::to_string),
        slashers: config.slashers.iter().map(Addr::to_string).collect(),
        paused: config.is_paused(view.now()),
        pause_ends: config.pause().end(view.now()),
    }
}
