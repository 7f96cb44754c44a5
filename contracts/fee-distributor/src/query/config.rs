//! The configuration.

use cosmwasm_std::StdResult;
use souk_api::fees::ConfigResponse;
use souk_contract_std::Config as _;

use crate::{View, state::stakers};

/// What the owner decided, and all that is staked.
pub fn config(view: &View) -> StdResult<ConfigResponse> {
    let config = view.config;
    Ok(ConfigResponse {
        guardian: config.guardian.to_string(),
        pool: config.pool.to_string(),
        stake_denom: config.stake_denom.clone(),
        denoms: config.denoms.clone(),
        split: config.split,
        min_total_stake: config.min_total_stake,
        drip_period: config.drip_period,
        unstaking_period: config.unstaking_period,
        total_stake: stakers::totals(view.storage)?.staked,
        paused: config.is_paused(view.now()),
        pause_ends: config.pause().end(view.now()),
    })
}
