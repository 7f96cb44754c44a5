//! Setting up, configuring, pausing, handing over, migrating.

use cosmwasm_std::{DepsMut, Empty, Env, MessageInfo, QuerierWrapper, Response};
use souk_api::{
    orderbook::{DenomConfig, InstantiateMsg, Params},
    published::{names, probe},
};

use crate::{
    ContractError,
    ctx::Ctx,
    escrow, permissions, settings,
    state::config::{self, Config},
};

/// Sets the orderbook up; its neighbours must be what they are said to be.
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    permissions::no_coins(&info)?;
    let owner = msg.owner.unwrap_or_else(|| info.sender.to_string());
    cw_ownable::initialize_owner(deps.storage, deps.api, Some(&owner))?;
    settings::check_params(&msg.params)?;
    let config = Config {
        guardian: deps.api.addr_validate(&msg.guardian.unwrap_or(owner))?,
        escrow: deps.api.addr_validate(&msg.escrow)?,
        registry: deps.api.addr_validate(&msg.registry)?,
        attestations: deps.api.addr_validate(&msg.attestations)?,
        params: msg.params,
        paused: false,
        paused_at: 0,
        unpaused_at: 0,
    };
    probe_neighbours(deps.querier, &config)?;
    config::save(deps.storage, &config)?;
    let mut ctx = Ctx { deps, env, info, config };
    settings::save_denoms(&mut ctx, &msg.denoms)?;
    Ok(Response::new())
}

/// Moves to this code.
pub fn migrate(deps: DepsMut, env: Env) -> Result<Response, ContractError> {
    let config = config::load(deps.storage)?;
    probe_neighbours(deps.querier, &config)?;
    escrow::refresh_link(deps, &config.escrow, &env.contract.address)?;
    Ok(Response::new())
}

fn probe_neighbours(querier: QuerierWrapper<Empty>, config: &Config) -> Result<(), ContractError> {
    for (address, name) in [
        (&config.escrow, names::ESCROW),
        (&config.registry, names::PROVIDER_REGISTRY),
        (&config.attestations, names::ATTESTATIONS),
    ] {
        probe(&querier, address.as_str(), name)?;
    }
    Ok(())
}

/// The owner changes the configuration; what is not given stays.
pub fn update_config(
    ctx: &mut Ctx,
    guardian: Option<String>,
    denoms: Option<Vec<DenomConfig>>,
    params: Option<Params>,
) -> Result<Response, ContractError> {
    let mut config = ctx.config.clone();
    if let Some(guardian) = guardian {
        config.guardian = ctx.addr(&guardian)?;
    }
    if let Some(params) = params {
        settings::check_params(&params)?;
        config.params = params;
    }
    config::save(ctx.store_mut(), &config)?;
    settings::save_denoms(ctx, &denoms.unwrap_or_default())?;
    Ok(Response::new())
}

/// New business stops, or is allowed again. Doing it twice changes nothing.
pub fn set_paused(ctx: &mut Ctx, paused: bool) -> Result<Response, ContractError> {
    if ctx.config.paused != paused {
        let mut config = ctx.config.clone();
        config.paused = paused;
        if paused {
            config.paused_at = config.last_pause().begin(ctx.now()).from;
        } else {
            config.unpaused_at = ctx.now();
        }
        config::save(ctx.store_mut(), &config)?;
    }
    Ok(Response::new())
}

/// Hands the contract over in two steps; cw-ownable checks the sender.
pub fn update_ownership(
    ctx: &mut Ctx,
    action: cw_ownable::Action,
) -> Result<Response, ContractError> {
    let sender = ctx.sender().clone();
    let block = ctx.env.block.clone();
    let ownership = cw_ownable::update_ownership(ctx.deps.branch(), &block, &sender, action)?;
    Ok(Response::new().add_attributes(ownership.into_attributes()))
}
