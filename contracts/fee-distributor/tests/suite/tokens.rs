//! Income in a cw20 token takes the same ways.
use crate::common::{DAY_AND_PERIOD, Fees, who};
use cosmwasm_std::Addr;
use cw_multi_test::{ContractWrapper, Executor};
use cw20::{BalanceResponse, Cw20Coin, Cw20ExecuteMsg, Cw20QueryMsg, TokenInfoResponse};
use souk_api::fees::ExecuteMsg;
use souk_core::Denom;

fn issue(fees: &mut Fees) -> Addr {
    let wrapper = ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    );
    let code = fees.app.store_code(Box::new(wrapper));
    let holder = Cw20Coin { address: who("escrow").into(), amount: 1_000u128.into() };
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Token".into(),
        symbol: "TOKEN".into(),
        decimals: 6,
        initial_balances: vec![holder],
        mint: None,
        marketing: None,
    };
    fees.app.instantiate_contract(code, who("issuer"), &msg, &[], "token", None).unwrap()
}

#[test]
fn income_in_a_token_is_split_dripped_claimed_and_burned() {
    let mut fees = Fees::new();
    let token = issue(&mut fees);
    let denom = Denom::Cw20(token.to_string());
    let add = ExecuteMsg::UpdateConfig {
        guardian: None,
        pool: None,
        split: None,
        add_denoms: Some(vec![denom.clone()]),
        min_total_stake: None,
    };
    fees.send(&who("owner"), &add, &[]).unwrap();
    fees.stake("ann", 100);
    let (recipient, amount) = (fees.address.to_string(), 1_000u128.into());
    let transfer = Cw20ExecuteMsg::Transfer { recipient, amount };
    fees.app.execute_contract(who("escrow"), token.clone(), &transfer, &[]).unwrap();

    fees.send(&who("x"), &ExecuteMsg::Distribute { denom: denom.clone() }, &[]).unwrap();
    fees.send(&who("x"), &ExecuteMsg::PayPool { denom: denom.clone() }, &[]).unwrap();
    fees.send(&who("x"), &ExecuteMsg::Burn { denom: denom.clone() }, &[]).unwrap();
    fees.pass(DAY_AND_PERIOD);
    let claim = ExecuteMsg::ClaimRewards { staker: who("ann").into(), denoms: vec![denom] };
    fees.send(&who("x"), &claim, &[]).unwrap();

    let balance = |address: &Addr| {
        let query = Cw20QueryMsg::Balance { address: address.to_string() };
        let found: BalanceResponse = fees.app.wrap().query_wasm_smart(&token, &query).unwrap();
        found.balance.u128()
    };
    assert_eq!([balance(&who("pool")), balance(&who("ann"))], [200, 500]);
    let info: TokenInfoResponse =
        fees.app.wrap().query_wasm_smart(&token, &Cw20QueryMsg::TokenInfo {}).unwrap();
    assert_eq!(info.total_supply.u128(), 700);
}

/// A token of which the pool can get nothing, as if its bank blocked that address.
mod picky {
    use cosmwasm_std::{
        Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, Storage,
        Uint128, to_json_binary,
    };
    use cw_storage_plus::Map;
    use cw20::{BalanceResponse, Cw20ExecuteMsg, Cw20QueryMsg};

    const BALANCES: Map<&str, Uint128> = Map::new("b");

    fn add(storage: &mut dyn Storage, to: &str, amount: Uint128) -> StdResult<()> {
        let before = BALANCES.may_load(storage, to)?.unwrap_or_default();
        BALANCES.save(storage, to, &(before + amount))
    }

    pub fn instantiate(_: DepsMut, _: Env, _: MessageInfo, _: Empty) -> StdResult<Response> {
        Ok(Response::new())
    }

    pub fn execute(
        deps: DepsMut,
        _: Env,
        info: MessageInfo,
        msg: Cw20ExecuteMsg,
    ) -> StdResult<Response> {
        match msg {
            Cw20ExecuteMsg::Mint { recipient, amount } => add(deps.storage, &recipient, amount)?,
            Cw20ExecuteMsg::Transfer { recipient, .. }
                if recipient == super::who("pool").as_str() =>
            {
                return Err(StdError::generic_err("the pool is blocked"));
            }
            Cw20ExecuteMsg::Transfer { recipient, amount } => {
                let from = info.sender.as_str();
                let left = BALANCES.load(deps.storage, from)?.checked_sub(amount)?;
                BALANCES.save(deps.storage, from, &left)?;
                add(deps.storage, &recipient, amount)?;
            }
            Cw20ExecuteMsg::Burn { amount } => {
                let from = info.sender.as_str();
                let left = BALANCES.load(deps.storage, from)?.checked_sub(amount)?;
                BALANCES.save(deps.storage, from, &left)?;
            }
            other => return Err(StdError::generic_err(format!("{other:?}"))),
        }
        Ok(Response::new())
    }

    pub fn query(deps: Deps, _: Env, msg: Cw20QueryMsg) -> StdResult<Binary> {
        let Cw20QueryMsg::Balance { address } = msg else {
            return Err(StdError::generic_err("not asked here"));
        };
        let balance = BALANCES.may_load(deps.storage, &address)?.unwrap_or_default();
        to_json_binary(&BalanceResponse { balance })
    }
}

#[test]
fn a_pool_that_cannot_be_paid_stops_neither_stakers_nor_the_burn() {
    let mut fees = Fees::new();
    let code = fees.app.store_code(Box::new(ContractWrapper::new(
        picky::execute,
        picky::instantiate,
        picky::query,
    )));
    let token = fees
        .app
        .instantiate_contract(code, who("issuer"), &cosmwasm_std::Empty {}, &[], "t", None)
        .unwrap();
    let denom = Denom::Cw20(token.to_string());
    let change = |pool, add_denoms| ExecuteMsg::UpdateConfig {
        guardian: None,
        pool,
        split: None,
        add_denoms,
        min_total_stake: None,
    };
    fees.send(&who("owner"), &change(None, Some(vec![denom.clone()])), &[]).unwrap();
    fees.stake("ann", 100);
    let mint =
        Cw20ExecuteMsg::Mint { recipient: fees.address.to_string(), amount: 1_000u128.into() };
    fees.app.execute_contract(who("x"), token.clone(), &mint, &[]).unwrap();

    let pay = ExecuteMsg::PayPool { denom: denom.clone() };
    fees.send(&who("x"), &ExecuteMsg::Distribute { denom: denom.clone() }, &[]).unwrap();
    let (x, address) = (who("x"), fees.address.clone());
    assert!(fees.app.execute_contract(x, address, &pay, &[]).is_err(), "the pool is blocked");
    fees.send(&who("x"), &ExecuteMsg::Burn { denom: denom.clone() }, &[]).unwrap();
    fees.pass(DAY_AND_PERIOD);
    let claim = ExecuteMsg::ClaimRewards { staker: who("ann").into(), denoms: vec![denom] };
    fees.send(&who("x"), &claim, &[]).unwrap();
    // Another address of the owner's choice gets what the first one could not.
    fees.send(&who("owner"), &change(Some(who("dao").into()), None), &[]).unwrap();
    fees.send(&who("x"), &pay, &[]).unwrap();
    let balance = |address: &Addr| {
        let query = Cw20QueryMsg::Balance { address: address.to_string() };
        let found: BalanceResponse = fees.app.wrap().query_wasm_smart(&token, &query).unwrap();
        found.balance.u128()
    };
    assert_eq!([balance(&who("dao")), balance(&who("ann")), balance(&fees.address)], [200, 500, 0]);
}
