//! Coins that come in with a message.

use cosmwasm_std::{Addr, Coin, MessageInfo};
use souk_core::{Amount, Denom};

use crate::CommonError;

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
/// If none came or more than one, or as [`Paid::new`].
pub fn one(info: &MessageInfo) -> Result<Paid, CommonError> {
    match info.funds.as_slice() {
        [coin] => {
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
    fn an_amount_is_neither_nothing_nor_beyond_counting() {
        assert_eq!(one(&sent(&[coin(0, "usouk")])), Err(CommonError::ZeroAmount));
        assert!(matches!(one(&sent(&[coin(u128::MAX, "usouk")])), Err(CommonError::Amount(_))));
    }
}
