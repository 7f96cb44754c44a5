//! The ways out for coins: paid to someone, or burned.

use cosmwasm_std::{
    BankMsg, Coin, CosmosMsg, Deps, Env, StdResult, Uint128, WasmMsg, to_json_binary,
};
use cw20::{BalanceResponse, Cw20ExecuteMsg, Cw20QueryMsg};
use souk_core::{Amount, Denom};

/// The message that pays, or none if there is nothing to pay.
pub fn pay(denom: &Denom, to: impl Into<String>, amount: Amount) -> StdResult<Option<CosmosMsg>> {
    if amount == Amount::ZERO {
        return Ok(None);
    }
    let (to, units) = (to.into(), Uint128::new(amount.u128()));
    Ok(Some(match denom {
        Denom::Native(name) => {
            BankMsg::Send { to_address: to, amount: vec![coin(name, units)] }.into()
        }
        Denom::Cw20(token) => {
            call(token, &Cw20ExecuteMsg::Transfer { recipient: to, amount: units })?
        }
    }))
}

/// The message that burns, or none if there is nothing to burn.
pub fn burn(denom: &Denom, amount: Amount) -> StdResult<Option<CosmosMsg>> {
    if amount == Amount::ZERO {
        return Ok(None);
    }
    let units = Uint128::new(amount.u128());
    Ok(Some(match denom {
        Denom::Native(name) => BankMsg::Burn { amount: vec![coin(name, units)] }.into(),
        Denom::Cw20(token) => call(token, &Cw20ExecuteMsg::Burn { amount: units })?,
    }))
}

/// What the contract has of a denom.
pub fn balance(deps: Deps, env: &Env, denom: &Denom) -> StdResult<u128> {
    let address = &env.contract.address;
    match denom {
        Denom::Native(name) => Ok(deps.querier.query_balance(address, name)?.amount.u128()),
        Denom::Cw20(token) => {
            let query = Cw20QueryMsg::Balance { address: address.to_string() };
            let found: BalanceResponse = deps.querier.query_wasm_smart(token, &query)?;
            Ok(found.balance.u128())
        }
    }
}

fn coin(denom: &str, amount: Uint128) -> Coin {
    Coin { denom: denom.to_owned(), amount }
}

fn call(token: &str, msg: &Cw20ExecuteMsg) -> StdResult<CosmosMsg> {
    let (contract_addr, msg) = (token.to_owned(), to_json_binary(msg)?);
    Ok(WasmMsg::Execute { contract_addr, msg, funds: Vec::new() }.into())
}
