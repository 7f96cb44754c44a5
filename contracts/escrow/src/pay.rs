//! The one way out for coins.

use cosmwasm_std::{BankMsg, Coin, CosmosMsg, StdResult, Uint128, WasmMsg, to_json_binary};
use cw20::Cw20ExecuteMsg;
use souk_core::{Amount, Denom};

/// The message that pays, or none if there is nothing to pay.
pub fn pay(denom: &Denom, to: impl Into<String>, amount: Amount) -> StdResult<Option<CosmosMsg>> {
    if amount == Amount::ZERO {
        return Ok(None);
    }
    let (to, amount) = (to.into(), Uint128::new(amount.u128()));
    let message: CosmosMsg = match denom {
        Denom::Native(denom) => {
            BankMsg::Send { to_address: to, amount: vec![Coin { denom: denom.clone(), amount }] }
                .into()
        }
        Denom::Cw20(token) => WasmMsg::Execute {
            contract_addr: token.clone(),
            msg: to_json_binary(&Cw20ExecuteMsg::Transfer { recipient: to, amount })?,
            funds: Vec::new(),
        }
        .into(),
    };
    Ok(Some(message))
}
