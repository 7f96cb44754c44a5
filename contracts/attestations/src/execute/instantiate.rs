//! Sets the contract up.

use cosmwasm_std::Response;
use souk_api::attestations::InstantiateMsg;

use super::{Ctx, check_lifetime};
use crate::{
    ContractError,
    state::{self, Config},
};

/// The sender becomes the owner unless one is named.
pub fn instantiate(ctx: Ctx, msg: InstantiateMsg) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    check_lifetime(msg.max_lifetime)?;
    let owner = match &msg.owner {
        Some(owner) => ctx.address(owner)?,
        None => ctx.info.sender.clone(),
    };
    let guardian = match &msg.guardian {
        Some(guardian) => ctx.address(guardian)?,
        None => owner.clone(),
    };
    cw_ownable::initialize_owner(ctx.deps.storage, ctx.deps.api, Some(owner.as_str()))?;
    let config = Config { guardian, max_lifetime: msg.max_lifetime, paused: false };
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}
