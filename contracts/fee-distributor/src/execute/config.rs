//! Setting up, handing over, pausing and migrating the contract.

use cosmwasm_std::{Api, DepsMut, MessageInfo, Response};
use souk_api::{
    fees::{InstantiateMsg, Split},
    published::names,
};
use souk_core::{Amount, Denom, time::DAY};

use super::Ctx;
use crate::{
    ContractError,
    state::{self, Config},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Denoms that can be listed: a change of stake settles every one of them.
const MAX_DENOMS: usize = 16;
const MAX_PERIOD: u64 = 90 * DAY;

/// What to change; what is not given stays.
pub struct Change {
    /// The guardian.
    pub guardian: Option<String>,
    /// Where the community pool's part goes.
    pub pool: Option<String>,
    /// How income is split.
    pub split: Option<Split>,
    /// Denoms in which income is taken from now on, too.
    pub add_denoms: Option<Vec<Denom>>,
    /// Least total stake.
    pub min_total_stake: Option<Amount>,
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
    check_period("drip_period", msg.drip_period, DAY)?;
    check_period("unstaking_period", msg.unstaking_period, 0)?;
    cw2::set_contract_version(deps.storage, names::FEE_DISTRIBUTOR, VERSION)?;
    let owner = msg.owner.unwrap_or_else(|| info.sender.to_string());
    cw_ownable::initialize_owner(deps.storage, deps.api, Some(&owner))?;
    let guardian = msg.guardian.unwrap_or(owner);
    let mut config = Config {
        guardian: deps.api.addr_validate(&guardian)?,
        pool: deps.api.addr_validate(&msg.pool)?,
        stake_denom: checked_native(msg.stake_denom)?,
        denoms: Vec::new(),
        split: checked_split(msg.split)?,
        min_total_stake: checked_minimum(msg.min_total_stake)?,
        drip_period: msg.drip_period,
        unstaking_period: msg.unstaking_period,
        paused: false,
    };
    add_denoms(&mut config, deps.api, msg.denoms)?;
    state::save_config(deps.storage, &config)?;
    Ok(Response::new())
}

/// Changes the configuration. What dripped until now is shared by the minimum that held
/// until now; income that was not split yet is split by the new split.
pub fn update_config(ctx: &mut Ctx, change: Change) -> Result<Response, ContractError> {
    if let Some(minimum) = change.min_total_stake {
        let totals = state::totals(ctx.deps.storage)?;
        ctx.fold_all(&totals)?;
        ctx.config.min_total_stake = checked_minimum(minimum)?;
    }
    let api = ctx.deps.api;
    let config = &mut ctx.config;
    if let Some(guardian) = change.guardian {
        config.guardian = api.addr_validate(&guardian)?;
    }
    if let Some(pool) = change.pool {
        config.pool = api.addr_validate(&pool)?;
    }
    if let Some(split) = change.split {
        config.split = checked_split(split)?;
    }
    add_denoms(config, api, change.add_denoms.unwrap_or_default())?;
    state::save_config(ctx.deps.storage, config)?;
    Ok(Response::new())
}

/// Stops or allows staking.
pub fn set_paused(ctx: &mut Ctx, paused: bool) -> Result<Response, ContractError> {
    ctx.config.paused = paused;
    state::save_config(ctx.deps.storage, &ctx.config)?;
    Ok(Response::new())
}

/// Hands the contract over, in two steps.
pub fn update_ownership(
    ctx: &mut Ctx,
    action: cw_ownable::Action,
) -> Result<Response, ContractError> {
    let sender = ctx.info.sender.clone();
    let ownership =
        cw_ownable::update_ownership(ctx.deps.branch(), &ctx.env.block, &sender, action)?;
    Ok(Response::new().add_attributes(ownership.into_attributes()))
}

/// Takes over the storage of this contract's older code; refuses another's or a newer one's.
pub fn migrate(deps: DepsMut) -> Result<Response, ContractError> {
    cw2::ensure_from_older_version(deps.storage, names::FEE_DISTRIBUTOR, VERSION)
        .map_err(|error| ContractError::Migration(error.to_string()))?;
    Ok(Response::new())
}

fn add_denoms(config: &mut Config, api: &dyn Api, denoms: Vec<Denom>) -> Result<(), ContractError> {
    for denom in denoms {
        let denom = match denom {
            Denom::Native(name) => Denom::Native(checked_native(name)?),
            Denom::Cw20(token) => Denom::Cw20(api.addr_validate(&token)?.into_string()),
        };
        if config.denoms.contains(&denom) {
            return Err(ContractError::DuplicateDenom(denom));
        }
        let found = config.denoms.len().saturating_add(1);
        if found > MAX_DENOMS {
            return Err(ContractError::TooManyDenoms { found, max: MAX_DENOMS });
        }
        config.denoms.push(denom);
    }
    Ok(())
}

fn checked_native(name: String) -> Result<String, ContractError> {
    match name.parse::<Denom>() {
        Ok(Denom::Native(_)) => Ok(name),
        _ => Err(ContractError::BadDenom(name)),
    }
}

fn checked_split(split: Split) -> Result<Split, ContractError> {
    let parts = [split.pool_bps, split.stakers_bps, split.burn_bps];
    let sum = parts.into_iter().fold(0u32, |sum, part| sum.saturating_add(part.into()));
    if sum == 10_000 { Ok(split) } else { Err(ContractError::Split { split, sum }) }
}

fn checked_minimum(minimum: Amount) -> Result<Amount, ContractError> {
    if minimum == Amount::ZERO { Err(ContractError::ZeroMinimum) } else { Ok(minimum) }
}

fn check_period(what: &'static str, found: u64, min: u64) -> Result<(), ContractError> {
    if (min..=MAX_PERIOD).contains(&found) {
        return Ok(());
    }
    Err(ContractError::Period { what, found, min, max: MAX_PERIOD })
}
