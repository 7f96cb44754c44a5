//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};
use souk_api::fees::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

use crate::{
    ContractError,
    execute::{Ctx, burn, claim_rewards, claim_unstaked, config, distribute, stake, unstake},
    permission, query,
};

/// Sets the contract up.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn instantiate(
    deps: DepsMut,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, ContractError> {
    config::instantiate(deps, &info, msg)
}

/// Does what a message says, if its sender may send it.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn execute(
    deps: DepsMut,
    env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let mut ctx = Ctx::load(deps, env, info)?;
    permission::check(&ctx, &msg)?;
    let ctx = &mut ctx;
    match msg {
        ExecuteMsg::Distribute { denom } => distribute::distribute(ctx, denom),
        ExecuteMsg::Burn { denom } => burn::burn(ctx, denom),
        ExecuteMsg::Stake {} => stake::stake(ctx),
        ExecuteMsg::Unstake { amount } => unstake::unstake(ctx, amount),
        ExecuteMsg::ClaimUnstaked {} => claim_unstaked::claim_unstaked(ctx),
        ExecuteMsg::ClaimRewards { staker, denoms } => {
            claim_rewards::claim_rewards(ctx, &staker, denoms)
        }
        ExecuteMsg::UpdateConfig { guardian, pool, split, add_denoms, min_total_stake } => {
            let change = config::Change { guardian, pool, split, add_denoms, min_total_stake };
            config::update_config(ctx, change)
        }
        ExecuteMsg::Pause {} => config::set_paused(ctx, true),
        ExecuteMsg::Unpause {} => config::set_paused(ctx, false),
        ExecuteMsg::UpdateOwnership(action) => config::update_ownership(ctx, action),
    }
}

/// Answers a question.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    match msg {
        QueryMsg::Config {} => query::config(deps),
        QueryMsg::Denom { denom } => query::denom(deps, &env, denom),
        QueryMsg::Staker { staker } => query::staker(deps, &env, &staker),
        QueryMsg::Stakers { start_after, limit } => query::stakers(deps, &env, start_after, limit),
        QueryMsg::Ownership {} => query::ownership(deps),
    }
}

/// Takes over the storage of this contract's older code.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    config::migrate(deps)
}
