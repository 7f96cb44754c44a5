//! Sets the contract up.

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};
use souk_api::fees::InstantiateMsg;
use souk_contract_std::admin;

use super::update_config::add_denoms;
use crate::{ContractError, rules::settings, state::Config};

/// The sender becomes the owner unless one is named.
///
/// # Errors
/// If coins came, an address is not valid on this chain or a setting is out of its range.
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    settings::check_periods(msg.drip_period, msg.unstaking_period)?;
    settings::check_split(&msg.split)?;
    settings::check_min_total_stake(msg.min_total_stake)?;
    settings::check_native(&msg.stake_denom)?;
    let ctx = admin::set_up::<Config>(deps, env, info, msg.owner, msg.guardian)?;
    let config = Config {
        guardian: ctx.config.guardian.clone(),
        pool: ctx.address(&msg.pool)?,
        stake_denom: msg.stake_denom,
        denoms: Vec::new(),
        split: msg.split,
        min_total_stake: msg.min_total_stake,
        drip_period: msg.drip_period,
        unstaking_period: msg.unstaking_period,
        paused: false,
        pause_ends: 0,
    };
    let mut ctx = ctx.with(config);
    add_denoms(&mut ctx, msg.denoms)?;
    ctx.save_config()?;
    Ok(Response::new())
}
