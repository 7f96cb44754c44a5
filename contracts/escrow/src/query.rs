//! Answers for people and frontends; contracts read the published records instead.

use cosmwasm_std::{Binary, Deps, Env, to_json_binary};
use souk_api::{
    escrow::{
        AccountResponse, ConfigResponse, DepositResponse, DepositsResponse, StreamResponse,
        StreamsResponse, TotalsResponse,
    },
    paging,
};
use souk_core::{AccountId, Denom};

use crate::{ContractError, account::Account, state, stream::Stream};

/// The configuration.
pub fn config(deps: Deps) -> Result<Binary, ContractError> {
    let config = state::config(deps.storage)?;
    let texts = |list: Vec<cosmwasm_std::Addr>| list.into_iter().map(Into::into).collect();
    Ok(to_json_binary(&ConfigResponse {
        guardian: config.guardian.into(),
        fee_collector: config.fee_collector.into(),
        min_runway: config.min_runway,
        controllers: texts(config.controllers),
        cw20_tokens: texts(config.cw20_tokens),
        paused: config.paused,
    })?)
}

/// An account as it stands now.
pub fn account(deps: Deps, env: &Env, id: AccountId) -> Result<Binary, ContractError> {
    let account = settled(deps, env, id)?;
    let min_runway = state::config(deps.storage)?.min_runway;
    let (balance, withdrawable) = (account.balance(), account.withdrawable(min_runway));
    let depletion = account.clock().depletion();
    let record = account.record;
    Ok(to_json_binary(&AccountResponse {
        id,
        tenant: record.tenant,
        denom: record.denom,
        clock: record.clock,
        balance,
        withdrawable,
        reserved: record.reserved,
        depletion,
        streams: record.streams,
        deposits: record.deposits,
        closed: record.closed,
    })?)
}

/// A stream as it stands now.
pub fn stream(deps: Deps, env: &Env, id: AccountId, number: u64) -> Result<Binary, ContractError> {
    let account = settled(deps, env, id)?;
    let stream = state::stream(deps.storage, id, number)?;
    Ok(to_json_binary(&shown(&account, number, stream))?)
}

/// A page of an account's streams.
pub fn streams(
    deps: Deps,
    env: &Env,
    id: AccountId,
    start_after: Option<u64>,
    limit: Option<u32>,
) -> Result<Binary, ContractError> {
    let account = settled(deps, env, id)?;
    let page = state::streams(deps.storage, id, start_after, paging::limit(limit))?;
    let streams = page.into_iter().map(|(number, stream)| shown(&account, number, stream));
    Ok(to_json_binary(&StreamsResponse { streams: streams.collect() })?)
}

/// A page of others' deposits.
pub fn deposits(
    deps: Deps,
    env: &Env,
    id: AccountId,
    start_after: Option<u32>,
    limit: Option<u32>,
) -> Result<Binary, ContractError> {
    let account = settled(deps, env, id)?;
    let page = state::deposits(deps.storage, id, start_after, paging::limit(limit))?;
    let deposits = page.into_iter().map(|(number, deposit)| DepositResponse {
        deposit: number,
        left: account.left_of(&deposit),
        amount: deposit.amount,
        depositor: deposit.depositor.into(),
    });
    Ok(to_json_binary(&DepositsResponse { deposits: deposits.collect() })?)
}

/// What the contract owes in a denom.
pub fn totals(deps: Deps, denom: &Denom) -> Result<Binary, ContractError> {
    let totals = state::totals(deps.storage, denom)?;
    Ok(to_json_binary(&TotalsResponse { held: totals.held, fees: totals.fees })?)
}

/// Who owns the contract.
pub fn ownership(deps: Deps) -> Result<Binary, ContractError> {
    Ok(to_json_binary(&cw_ownable::get_ownership(deps.storage)?)?)
}

fn settled(deps: Deps, env: &Env, id: AccountId) -> Result<Account, ContractError> {
    let mut account = state::account(deps.storage, id)?;
    account.settle(env.block.time.seconds());
    Ok(account)
}

fn shown(account: &Account, number: u64, stream: Stream) -> StreamResponse {
    let clock = account.clock();
    let earned = stream.earned(clock);
    StreamResponse {
        stream: number,
        rate: stream.rate,
        take_bps: stream.take_bps,
        earned,
        fee: stream.fee_on(earned),
        paid: stream.paid(),
        owed: stream.due(clock).payee,
        open: stream.is_open(),
        payee: stream.payee.into(),
    }
}
