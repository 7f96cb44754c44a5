//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::fees::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};
use souk_contract_std::{admin, config, permission};

use crate::{
    ContractError, Ctx, View,
    execute::{self, Change},
    query,
    state::Config,
};

/// Sets the contract up.
///
/// # Errors
/// If coins came, an address is not valid on this chain or a setting is out of its range.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    execute::instantiate(deps, env, info, msg)
}

/// Acts on a message, if its sender may send it.
///
/// # Errors
/// Whatever forbids the action; nothing is changed then.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let ctx = &mut Ctx::load(deps, env, info)?;
    permission::check(ctx, &msg, permission::nobody)?;
    match msg {
        ExecuteMsg::Distribute { denom } => execute::distribute(ctx, denom),
        ExecuteMsg::PayPool { denom } => execute::pay_pool(ctx, denom),
        ExecuteMsg::Burn { denom } => execute::burn(ctx, denom),
        ExecuteMsg::Stake {} => execute::stake(ctx),
        ExecuteMsg::Unstake { amount } => execute::unstake(ctx, amount),
        ExecuteMsg::ClaimUnstaked {} => execute::claim_unstaked(ctx),
        ExecuteMsg::ClaimRewards { staker, denoms } => execute::claim_rewards(ctx, &staker, denoms),
        ExecuteMsg::UpdateConfig { guardian, pool, split, add_denoms, min_total_stake } => {
            let change = Change { guardian, pool, split, add_denoms, min_total_stake };
            execute::update_config(ctx, change)
        }
        ExecuteMsg::Pause {} => Ok(admin::pause(ctx)?),
        ExecuteMsg::Unpause {} => Ok(admin::unpause(ctx)?),
        ExecuteMsg::UpdateOwnership(action) => Ok(admin::update_ownership(ctx, action)?),
    }
}

/// Answers a question.
///
/// # Errors
/// If an address is not valid on this chain, or if what is asked for is not there.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let config = config::load(deps.storage)?;
    let view = &View::new(deps, &env, &config);
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(view)?),
        QueryMsg::Denom { denom } => to_json_binary(&query::denom(view, &denom)?),
        QueryMsg::Staker { staker } => to_json_binary(&query::staker(view, &staker)?),
        QueryMsg::Stakers { start_after, limit } => {
            to_json_binary(&query::stakers(view, start_after, limit)?)
        }
        QueryMsg::Ownership {} => to_json_binary(&admin::ownership(view.storage)?),
    }?)
}

/// Moves to this code's version, from the same contract of an older one.
///
/// # Errors
/// If the storage is another contract's or a newer version's.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    Ok(admin::migrate::<Config>(deps.storage)?)
}
