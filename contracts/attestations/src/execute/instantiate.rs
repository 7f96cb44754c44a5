//! Sets the contract up.

use cosmwasm_std::{DepsMut, Env, MessageInfo, Response};
use souk_api::attestations::InstantiateMsg;
use souk_contract_std::admin;

use crate::{ContractError, rules::limits, state::Config};

/// The sender becomes the owner unless one is named.
///
/// # Errors
/// If coins came, an address is not valid on this chain or the longest lifetime is out of range.
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    limits::check_lifetime(msg.max_lifetime)?;
    let ctx = admin::set_up::<Config>(deps, env, info, msg.owner, msg.guardian)?;
    let guardian = ctx.config.guardian.clone();
    let config = Config { guardian, max_lifetime: msg.max_lifetime, paused: false, pause_ends: 0 };
    admin::configure(ctx, config)?;
    Ok(Response::new())
}
