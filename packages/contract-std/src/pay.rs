//! The ways out for coins: paid to someone, sent with a call, or burned. Native and cw20.
//!
//! The messages to a token are an enum of our own with the same JSON as cw20's: a contract
//! that names three messages need not carry the writers of all of them.

use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{
    BankMsg, Binary, Coin, CosmosMsg, QuerierWrapper, StdResult, Uint128, WasmMsg, to_json_binary,
};
use souk_core::{Amount, Denom};

/// The messages of a cw20 token that contracts send.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum TokenMsg<'a> {
    Transfer { recipient: &'a str, amount: Uint128 },
    Burn { amount: Uint128 },
    Send { contract: &'a str, amount: Uint128, msg: Binary },
}

/// What contracts ask a cw20 token.
#[derive(Serialize)]
#[serde(crate = "cosmwasm_schema::serde", rename_all = "snake_case")]
enum TokenQuery<'a> {
    Balance { address: &'a str },
}

#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
struct TokenBalance {
    balance: Uint128,
}

/// The message that pays, or none if there is nothing to pay.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn pay(denom: &Denom, to: &str, amount: Amount) -> StdResult<Option<CosmosMsg>> {
    if amount == Amount::ZERO {
        return Ok(None);
    }
    Ok(Some(match denom {
        Denom::Native(name) => {
            BankMsg::Send { to_address: to.to_owned(), amount: vec![coin(name, amount)] }.into()
        }
        Denom::Cw20(token) => {
            let transfer = TokenMsg::Transfer { recipient: to, amount: units(amount) };
            call_token(token, &transfer)?.into()
        }
    }))
}

/// The message that burns, or none if there is nothing to burn.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn burn(denom: &Denom, amount: Amount) -> StdResult<Option<CosmosMsg>> {
    if amount == Amount::ZERO {
        return Ok(None);
    }
    Ok(Some(match denom {
        Denom::Native(name) => BankMsg::Burn { amount: vec![coin(name, amount)] }.into(),
        Denom::Cw20(token) => call_token(token, &TokenMsg::Burn { amount: units(amount) })?.into(),
    }))
}

/// The message by which a cw20 token brings coins to a contract, with a hook that says what
/// they are for.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn send_token(token: &str, to: &str, amount: Amount, hook: Binary) -> StdResult<WasmMsg> {
    call_token(token, &TokenMsg::Send { contract: to, amount: units(amount), msg: hook })
}

/// What an address has of a denom, in base units.
///
/// # Errors
/// If the bank or the token does not answer.
pub fn balance(querier: &QuerierWrapper, address: &str, denom: &Denom) -> StdResult<u128> {
    match denom {
        Denom::Native(name) => Ok(querier.query_balance(address, name)?.amount.u128()),
        Denom::Cw20(token) => {
            let query = TokenQuery::Balance { address };
            let found: TokenBalance = querier.query_wasm_smart(token, &query)?;
            Ok(found.balance.u128())
        }
    }
}

/// An amount as a coin.
pub fn coin(denom: &str, amount: Amount) -> Coin {
    Coin { denom: denom.to_owned(), amount: units(amount) }
}

/// The message that calls a contract.
///
/// # Errors
/// If `msg` cannot be written as JSON.
pub fn call<M: Serialize>(contract: &str, msg: &M, funds: Vec<Coin>) -> StdResult<WasmMsg> {
    let (contract_addr, msg) = (contract.to_owned(), to_json_binary(msg)?);
    Ok(WasmMsg::Execute { contract_addr, msg, funds })
}

fn call_token(token: &str, msg: &TokenMsg) -> StdResult<WasmMsg> {
    call(token, msg, Vec::new())
}

fn units(amount: Amount) -> Uint128 {
    Uint128::new(amount.u128())
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::to_json_vec;
    use cw20::{BalanceResponse, Cw20ExecuteMsg, Cw20QueryMsg};

    use super::*;

    #[test]
    fn the_messages_to_tokens_are_those_of_cw20() {
        let amount = Uint128::new(5);
        let (to, msg) = ("souk1ann".to_owned(), Binary::from(b"hook"));
        let pairs = [
            (
                to_json_vec(&TokenMsg::Transfer { recipient: &to, amount }),
                to_json_vec(&Cw20ExecuteMsg::Transfer { recipient: to.clone(), amount }),
            ),
            (
                to_json_vec(&TokenMsg::Burn { amount }),
                to_json_vec(&Cw20ExecuteMsg::Burn { amount }),
            ),
            (
                to_json_vec(&TokenMsg::Send { contract: &to, amount, msg: msg.clone() }),
                to_json_vec(&Cw20ExecuteMsg::Send { contract: to.clone(), amount, msg }),
            ),
            (
                to_json_vec(&TokenQuery::Balance { address: &to }),
                to_json_vec(&Cw20QueryMsg::Balance { address: to.clone() }),
            ),
        ];
        for (ours, theirs) in pairs {
            assert_eq!(ours.unwrap(), theirs.unwrap());
        }
        let theirs = to_json_vec(&BalanceResponse { balance: amount }).unwrap();
        assert_eq!(cosmwasm_std::from_json::<TokenBalance>(theirs).unwrap().balance, amount);
    }

    #[test]
    fn nothing_is_paid_by_no_message() {
        for denom in [Denom::native("usouk"), Denom::Cw20("souk1token".into())] {
            assert_eq!(pay(&denom, "souk1ann", Amount::ZERO), Ok(None));
            assert_eq!(burn(&denom, Amount::ZERO), Ok(None));
        }
    }
}
