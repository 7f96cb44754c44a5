//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response, to_json_binary};
use souk_api::escrow::{ExecuteMsg, InstantiateMsg, MigrateMsg, NewStream, QueryMsg};
use souk_contract_std::{admin, config};

use crate::{
    ContractError, Ctx, View,
    execute::{self, Change},
    permission, query,
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
    permission::check(ctx, &msg)?;
    match msg {
        ExecuteMsg::OpenAccount { local, tenant, reserved, streams } => {
            execute::open_account(ctx, local, &tenant, reserved, streams)
        }
        ExecuteMsg::OpenTokenAccount { local, tenant, token, reserved } => {
            execute::open_token_account(ctx, local, &tenant, token, reserved)
        }
        ExecuteMsg::OpenStream { local, stream, payee, rate, take_bps, reserved, hold } => {
            let new = NewStream { stream, payee, rate, take_bps, hold };
            execute::open_stream(ctx, local, new, reserved)
        }
        ExecuteMsg::OpenStreams { local, streams } => execute::open_streams(ctx, local, streams),
        ExecuteMsg::CloseStream { local, stream, reserved, not_after } => {
            execute::close_stream(ctx, local, stream, reserved, not_after)
        }
        ExecuteMsg::Reserve { local, reserved } => execute::reserve(ctx, local, reserved),
        ExecuteMsg::CloseAccount { local, streams, not_after } => {
            execute::close_account(ctx, local, &streams, &not_after)
        }
        ExecuteMsg::Deposit { account } => execute::deposit(ctx, account),
        ExecuteMsg::Withdraw { account, stream } => execute::withdraw(ctx, account, stream),
        ExecuteMsg::WithdrawDeposit { account, amount } => {
            execute::withdraw_deposit(ctx, account, amount)
        }
        ExecuteMsg::ClaimRefund { account, deposit } => {
            execute::claim_refund(ctx, account, deposit)
        }
        ExecuteMsg::SweepFees { denom } => execute::sweep_fees(ctx, denom),
        ExecuteMsg::Receive(received) => execute::receive(ctx, &received),
        ExecuteMsg::UpdateConfig {
            guardian,
            fee_collector,
            add_controller,
            add_cw20,
            delist,
            relist,
        } => {
            let change =
                Change { guardian, fee_collector, add_controller, add_cw20, delist, relist };
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
/// If what is asked for is not there.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let config = config::load(deps.storage)?;
    let view = &View::new(deps, &env, &config);
    Ok(match msg {
        QueryMsg::Config {} => to_json_binary(&query::config(view)),
        QueryMsg::Account { account } => to_json_binary(&query::account(view, account)?),
        QueryMsg::Stream { account, stream } => {
            to_json_binary(&query::stream(view, account, stream)?)
        }
        QueryMsg::Streams { account, start_after, limit } => {
            to_json_binary(&query::streams(view, account, start_after, limit)?)
        }
        QueryMsg::Deposits { account, start_after, limit } => {
            to_json_binary(&query::deposits(view, account, start_after, limit)?)
        }
        QueryMsg::Totals { denom } => to_json_binary(&query::totals(view, &denom)?),
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
