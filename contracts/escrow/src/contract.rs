//! Entry points: one `match` each and nothing else.

#[cfg(not(feature = "library"))]
use cosmwasm_std::entry_point;
use cosmwasm_std::{Binary, Deps, DepsMut, Env, MessageInfo, Response};
use souk_api::escrow::{ExecuteMsg, InstantiateMsg, MigrateMsg, QueryMsg};

use crate::{
    ContractError,
    execute::{
        Ctx, account_close, account_open, config, deposit, fees, receive, refund, reserve,
        stream_close, stream_open, withdraw, withdraw_deposit,
    },
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
    let mut ctx = Ctx::new(deps, env, info);
    permission::check(&mut ctx, &msg)?;
    let ctx = &mut ctx;
    match msg {
        ExecuteMsg::OpenAccount { local, tenant, reserved } => {
            let paid = ctx.coin_sent()?;
            account_open::open_account(ctx, local, tenant, paid, reserved)
        }
        ExecuteMsg::OpenTokenAccount { local, tenant, token, reserved } => {
            account_open::open_token_account(ctx, local, tenant, token, reserved)
        }
        ExecuteMsg::OpenStream { local, stream, payee, rate, take_bps, reserved } => {
            let terms = stream_open::Terms { payee, rate, take_bps };
            stream_open::open_stream(ctx, local, stream, terms, reserved)
        }
        ExecuteMsg::CloseStream { local, stream, reserved } => {
            stream_close::close_stream(ctx, local, stream, reserved)
        }
        ExecuteMsg::Reserve { local, reserved } => reserve::reserve(ctx, local, reserved),
        ExecuteMsg::CloseAccount { local, streams } => {
            account_close::close_account(ctx, local, &streams)
        }
        ExecuteMsg::Deposit { account } => {
            let paid = ctx.coin_sent()?;
            deposit::deposit(ctx, account, paid)
        }
        ExecuteMsg::Withdraw { account, stream } => withdraw::withdraw(ctx, account, stream),
        ExecuteMsg::WithdrawDeposit { account, amount } => {
            withdraw_deposit::withdraw_deposit(ctx, account, amount)
        }
        ExecuteMsg::ClaimRefund { account, deposit: None } => refund::claim_own(ctx, account),
        ExecuteMsg::ClaimRefund { account, deposit: Some(deposit) } => {
            refund::claim_deposit(ctx, account, deposit)
        }
        ExecuteMsg::SweepFees { denom } => fees::sweep_fees(ctx, denom),
        ExecuteMsg::Receive(received) => receive::receive(ctx, received),
        ExecuteMsg::UpdateConfig { guardian, fee_collector, add_controller, add_cw20 } => {
            let change = config::Change { guardian, fee_collector, add_controller, add_cw20 };
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
        QueryMsg::Account { account } => query::account(deps, &env, account),
        QueryMsg::Stream { account, stream } => query::stream(deps, &env, account, stream),
        QueryMsg::Streams { account, start_after, limit } => {
            query::streams(deps, &env, account, start_after, limit)
        }
        QueryMsg::Deposits { account, start_after, limit } => {
            query::deposits(deps, &env, account, start_after, limit)
        }
        QueryMsg::Totals { denom } => query::totals(deps, &denom),
        QueryMsg::Ownership {} => query::ownership(deps),
    }
}

/// Takes over the storage of this contract's older code.
#[cfg_attr(not(feature = "library"), entry_point)]
pub fn migrate(deps: DepsMut, _env: Env, _msg: MigrateMsg) -> Result<Response, ContractError> {
    config::migrate(deps)
}
