//! Sets the orderbook up.

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};
use souk_api::orderbook::InstantiateMsg;
use souk_contract_std::admin;

use super::update_config::save_denoms;
use crate::{ContractError, neighbours, rules::settings, state::Config};

/// The sender becomes the owner unless one is named; the neighbours must be what they are said
/// to be.
///
/// # Errors
/// If coins came, an address is not valid on this chain or another contract's, or if a setting is
/// out of its range.
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    settings::check_params(&msg.params)?;
    let ctx = admin::set_up::<Config>(deps, env, info, msg.owner, msg.guardian)?;
    let config = Config {
        guardian: ctx.config.guardian.clone(),
        escrow: ctx.address(&msg.escrow)?,
        registry: ctx.address(&msg.registry)?,
        attestations: ctx.address(&msg.attestations)?,
        params: msg.params,
        paused: false,
        pause_ends: 0,
        paused_at: 0,
        paused_block: 0,
        unpaused_at: 0,
        unpaused_block: 0,
        paused_seconds: 0,
        link: None,
    };
    let mut ctx = admin::configure(ctx, config)?;
    neighbours::probe_all(&ctx.deps.querier, &ctx.config)?;
    save_denoms(&mut ctx, &msg.denoms)?;
    Ok(Response::new())
}
