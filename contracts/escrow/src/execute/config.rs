//! Setting up, handing over, pausing and migrating the contract.

use cosmwasm_std::{Addr, Api, DepsMut, MessageInfo, Response};
use souk_api::{escrow::InstantiateMsg, published::names};
use souk_core::{AccountId, time::WEEK};

use super::Ctx;
use crate::{ContractError, state, state::Config};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// cw20 contracts that can be listed: the list is read with every token that comes.
const MAX_CW20: usize = 32;

/// What to change; what is not given stays.
pub struct Change {
    /// The guardian.
    pub guardian: Option<String>,
    /// Where fees go.
    pub fee_collector: Option<String>,
    /// A contract that may open accounts from now on.
    pub add_controller: Option<String>,
    /// cw20 contracts whose tokens are taken from now on.
    pub add_cw20: Option<Vec<String>>,
}

/// Sets the contract up.
pub fn instantiate(
    deps: DepsMut,
    info: &MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    if !info.funds.is_empty() {
        let coins: Vec<String> = info.funds.iter().map(ToString::to_string).collect();
        return Err(ContractError::CoinsNotTaken { coins: coins.join(",") });
    }
    if !(1..=WEEK).contains(&msg.min_runway) {
        return Err(ContractError::MinRunway(msg.min_runway));
    }
    cw2::set_contract_version(deps.storage, names::ESCROW, VERSION)?;
    let owner = msg.owner.unwrap_or_else(|| info.sender.to_string());
    cw_ownable::initialize_owner(deps.storage, deps.api, Some(&owner))?;
    let guardian = msg.guardian.unwrap_or(owner);
    let mut config = Config {
        guardian: deps.api.addr_validate(&guardian)?,
        fee_collector: deps.api.addr_validate(&msg.fee_collector)?,
        min_runway: msg.min_runway,
        controllers: Vec::new(),
        cw20_tokens: Vec::new(),
        paused: false,
    };
    for controller in &msg.controllers {
        add_controller(&mut config, deps.api, controller)?;
    }
    for token in &msg.cw20_tokens {
        add_cw20(&mut config, deps.api, token)?;
    }
    state::save_config(deps.storage, &config)?;
    Ok(Response::new())
}

/// Changes the configuration.
pub fn update_config(ctx: &mut Ctx, change: Change) -> Result<Response, ContractError> {
    let mut config = ctx.config()?;
    let api = ctx.deps.api;
    if let Some(guardian) = change.guardian {
        config.guardian = api.addr_validate(&guardian)?;
    }
    if let Some(collector) = change.fee_collector {
        config.fee_collector = api.addr_validate(&collector)?;
    }
    if let Some(controller) = change.add_controller {
        add_controller(&mut config, api, &controller)?;
    }
    for token in change.add_cw20.unwrap_or_default() {
        add_cw20(&mut config, api, &token)?;
    }
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

/// Stops or allows new business.
pub fn set_paused(ctx: &mut Ctx, paused: bool) -> Result<Response, ContractError> {
    let mut config = ctx.config()?;
    config.paused = paused;
    state::save_config(ctx.deps.storage, &config)?;
    Ok(Response::new())
}

/// Hands the contract over, in two steps.
pub fn update_ownership(
    ctx: &mut Ctx,
    action: cw_ownable::Action,
) -> Result<Response, ContractError> {
    let (block, sender) = (ctx.env().block.clone(), ctx.info.sender.clone());
    let ownership = cw_ownable::update_ownership(ctx.deps.branch(), &block, &sender, action)?;
    Ok(Response::new().add_attributes(ownership.into_attributes()))
}

/// Takes over the storage of this contract's older code; refuses another's or a newer one's.
pub fn migrate(deps: DepsMut) -> Result<Response, ContractError> {
    cw2::ensure_from_older_version(deps.storage, names::ESCROW, VERSION)
        .map_err(|error| ContractError::Migration(error.to_string()))?;
    Ok(Response::new())
}

fn add_controller(config: &mut Config, api: &dyn Api, entry: &str) -> Result<(), ContractError> {
    let max = usize::from(AccountId::MAX_CONTROLLER).saturating_add(1);
    add(&mut config.controllers, api.addr_validate(entry)?, "controllers", max)
}

fn add_cw20(config: &mut Config, api: &dyn Api, entry: &str) -> Result<(), ContractError> {
    add(&mut config.cw20_tokens, api.addr_validate(entry)?, "cw20 tokens", MAX_CW20)
}

fn add(
    list: &mut Vec<Addr>,
    entry: Addr,
    what: &'static str,
    max: usize,
) -> Result<(), ContractError> {
    if list.contains(&entry) {
        return Err(ContractError::Duplicate { what, entry });
    }
    let found = list.len().saturating_add(1);
    if found > max {
        return Err(ContractError::TooMany { what, found, max });
    }
    list.push(entry);
    Ok(())
}
