//! Sets the contract up.

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};
use souk_api::escrow::InstantiateMsg;
use souk_contract_std::admin;

use super::update_config::{add_controller, add_cw20};
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
    settings::check_min_runway(msg.min_runway)?;
    let ctx = admin::set_up::<Config>(deps, env, info, msg.owner, msg.guardian)?;
    let config = Config {
        guardian: ctx.config.guardian.clone(),
        fee_collector: ctx.address(&msg.fee_collector)?,
        min_runway: msg.min_runway,
        controllers: Vec::new(),
        cw20_tokens: Vec::new(),
        paused: false,
        pause_ends: 0,
    };
    let mut ctx = ctx.with(config);
    for controller in &msg.controllers {
        add_controller(&mut ctx, controller)?;
    }
    for token in &msg.cw20_tokens {
        add_cw20(&mut ctx, token)?;
    }
    ctx.save_config()?;
    Ok(Response::new())
}
