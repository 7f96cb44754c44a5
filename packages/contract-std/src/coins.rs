//! Coins that come in with a message.

use cosmwasm_std::{Addr, Coin, MessageInfo};
use souk_core::{Amount, Denom};

use crate::{CommonError, View, pay};

/// What a token's denom begins with; see [`Denom`].
const TOKEN_PREFIX: &str = "cw20:";

/// Coins that came, native or by a cw20 token's hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Who paid them.
    pub from: Addr,
    /// What they are.
    pub denom: Denom,
    /// How much, in base units; not zero.
    pub amount: Amount,
}

impl Paid {
    /// Checks the amount.
    ///
    /// # Errors
    /// If it is zero or more than can be counted.
    pub fn new(from: Addr, denom: Denom, units: u128) -> Result<Self, CommonError> {
        let amount = Amount::new(units)?;
        if amount == Amount::ZERO {
            return Err(CommonError::ZeroAmount);
        }
        Ok(Self { from, denom, amount })
    }
}

/// The one coin that came.
///
/// # Errors
/// If none came or more than one, if its denom is written as a token is, or as [`Paid::new`].
pub fn one(info: &MessageInfo) -> Result<Paid, CommonError> {
    match info.funds.as_slice() {
        [coin] => {
            if coin.denom.starts_with(TOKEN_PREFIX) {
                return Err(CommonError::TokenLikeDenom(coin.denom.clone()));
            }
            let denom = Denom::Native(coin.denom.clone());
            Paid::new(info.sender.clone(), denom, coin.amount.u128())
        }
        coins => Err(CommonError::OneCoin { coins: text(coins) }),
    }
}

/// The base units of `denom` that came, with nothing else.
///
/// # Errors
/// If anything else came or nothing, or as [`Paid::new`].
pub fn of(info: &MessageInfo, denom: &str) -> Result<Amount, CommonError> {
    match one(info) {
        Ok(paid) if paid.denom.as_native() == Some(denom) => Ok(paid.amount),
        Err(CommonError::OneCoin { .. }) | Ok(_) => {
            let (denom, coins) = (denom.to_owned(), text(&info.funds));
            Err(CommonError::OtherCoin { denom, coins })
        }
        Err(error) => Err(error),
    }
}

/// Holds the word of a token that `paid` came against what the contract has of it, which must be
/// that much more than the contract `owes` in it, in base units. A token that takes a fee on
/// transfers, or that says what did not happen, would else be paid out of others' coins.
///
/// # Errors
/// If there is less, or if the token does not answer.
pub fn check_received<C>(view: &View<C>, paid: &Paid, owes: u128) -> Result<(), CommonError> {
    let has = pay::balance(&view.querier, view.env.contract.address.as_str(), &paid.denom)?;
    let needed = owes.saturating_add(paid.amount.u128());
    if has < needed {
        let (token, amount) = (paid.denom.clone(), paid.amount);
        return Err(CommonError::NotReceived { token, amount, needed, has });
    }
    Ok(())
}

/// Refuses coins.
///
/// # Errors
/// If any came.
pub fn none(info: &MessageInfo) -> Result<(), CommonError> {
    if info.funds.is_empty() {
        return Ok(());
    }
    Err(CommonError::CoinsNotTaken { coins: text(&info.funds) })
}

/// Coins as text, `none` if there are none.
fn text(coins: &[Coin]) -> String {
    let Some((first, rest)) = coins.split_first() else { return "none".to_owned() };
    rest.iter().fold(first.to_string(), |all, coin| all + "," + &coin.to_string())
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{coin, testing::message_info};

    use super::*;

    fn sent(coins: &[Coin]) -> MessageInfo {
        message_info(&Addr::unchecked("ann"), coins)
    }

    #[test]
    fn exactly_the_denom_asked_for_is_taken() {
        assert_eq!(of(&sent(&[coin(5, "usouk")]), "usouk").map(Amount::u128), Ok(5));
        for (coins, shown) in [
            (vec![], "none"),
            (vec![coin(5, "uatom")], "5uatom"),
            (vec![coin(5, "uatom"), coin(6, "usouk")], "5uatom,6usouk"),
        ] {
            let error = CommonError::OtherCoin { denom: "usouk".into(), coins: shown.into() };
            assert_eq!(of(&sent(&coins), "usouk"), Err(error));
        }
    }

    #[test]
    fn coins_with_a_message_that_takes_none_are_named_in_the_refusal() {
        assert_eq!(none(&sent(&[])), Ok(()));
        let error = CommonError::CoinsNotTaken { coins: "1usouk".into() };
        assert_eq!(none(&sent(&[coin(1, "usouk")])), Err(error));
    }

    #[test]
    fn a_coin_that_reads_as_a_token_is_taken_for_nothing() {
        for name in ["cw20:souk1token", "cw20:"] {
            let error = || CommonError::TokenLikeDenom(name.into());
            assert_eq!(one(&sent(&[coin(5, name)])), Err(error()));
            assert_eq!(of(&sent(&[coin(5, name)]), name), Err(error()));
        }
        assert!(one(&sent(&[coin(5, "cw20")])).is_ok());
    }

    #[test]
    fn an_amount_is_neither_nothing_nor_beyond_counting() {
        assert_eq!(one(&sent(&[coin(0, "usouk")])), Err(CommonError::ZeroAmount));
        assert!(matches!(one(&sent(&[coin(u128::MAX, "usouk")])), Err(CommonError::Amount(_))));
    }
}
