//! Configuration, pause and ownership.

use cosmwasm_std::Response;
use cw_ownable::Action;

use super::{Ctx, check_lifetime};
use crate::{ContractError, state};

/// The owner changes the configuration; what is not given stays. Attestations that stand
/// keep their expiry.
pub fn update_config(
    ctx: Ctx,
    guardian: Option<String>,
    max_lifetime: Option<u64>,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut config = state::config(ctx.deps.storage)?;
    if let Some(guardian) = guardian {
        config.guardian = ctx.address(&guardian)?;
    }
    if let Some(max_lifetime) = max_lifetime {
        check_lifetime(max_lifetime)?;
        config.max_lifetime = max_lifetime;
    }
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

/// The guardian stops new attestations, the owner allows them again. Revoking goes on.
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
