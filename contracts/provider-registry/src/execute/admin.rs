//! Stopping and allowing registrations, and handing over the ownership.

use cosmwasm_std::Response;
use cw_ownable::Action;

use super::Ctx;
use crate::{ContractError, state};

/// The guardian stops registrations, the owner allows them again. Everything that takes
/// coins out goes on.
pub fn set_paused(ctx: Ctx, paused: bool) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut config = state::config(ctx.deps.storage)?;
    config.paused = paused;
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

/// Two steps: the owner names another, who accepts.
pub fn update_ownership(ctx: Ctx, action: Action) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let Ctx { deps, env, info } = ctx;
    let ownership = cw_ownable::update_ownership(deps, &env.block, &info.sender, action)?;
    Ok(Response::new().add_attributes(ownership.into_attributes()))
}
