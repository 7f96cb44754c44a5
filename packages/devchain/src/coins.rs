//! Coins: the SDK's rules for lists of coins, and its way to write them.

use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmwasm_std::{Coin, Uint128};

/// Why a list of coins is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCoins {
    /// The amount is not a whole number below 2^128.
    #[error("amount {0:?} is not a whole number below 2^128")]
    Amount(String),
    /// Zero.
    #[error("coin {0} amount is not positive")]
    Zero(String),
    /// The denom's text.
    #[error("invalid denom: {0}")]
    Denom(String),
    /// Order.
    #[error("denomination {0} is not sorted")]
    Unsorted(String),
    /// The same denom twice.
    #[error("duplicate denomination {0}")]
    Duplicate(String),
}

/// Coins of a message: amounts parsed, rules checked (sorted, no double, none zero).
pub fn parse(coins: &[ProtoCoin]) -> Result<Vec<Coin>, BadCoins> {
    let parsed = coins
        .iter()
        .map(|coin| {
            let amount: u128 =
                coin.amount.parse().map_err(|_| BadCoins::Amount(coin.amount.clone()))?;
            Ok(Coin::new(amount, coin.denom.clone()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    validate(&parsed)?;
    Ok(parsed)
}

/// Checks the SDK's rules: sorted, no denom twice, none zero.
pub fn validate(coins: &[Coin]) -> Result<(), BadCoins> {
    let mut before: Option<&str> = None;
    for coin in coins {
        if !is_denom(&coin.denom) {
            return Err(BadCoins::Denom(coin.denom.clone()));
        }
        if coin.amount.is_zero() {
            return Err(BadCoins::Zero(coin.to_string()));
        }
        match before {
            Some(last) if coin.denom.as_str() < last => {
                return Err(BadCoins::Unsorted(coin.denom.clone()));
            }
            Some(last) if coin.denom == last => {
                return Err(BadCoins::Duplicate(coin.denom.clone()));
            }
            _ => before = Some(&coin.denom),
        }
    }
    Ok(())
}

/// A letter, then 2 to 127 of letters, digits and `/ : . _ -`.
pub fn is_denom(denom: &str) -> bool {
    let mut bytes = denom.bytes();
    (3..=128).contains(&denom.len())
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"/:._-".contains(&b))
}

/// `10uaaa,5ubbb`.
pub fn text(coins: &[Coin]) -> String {
    let parts: Vec<_> = coins.iter().map(ToString::to_string).collect();
    parts.join(",")
}

/// As in messages and answers.
pub fn to_proto(coin: &Coin) -> ProtoCoin {
    ProtoCoin { denom: coin.denom.clone(), amount: coin.amount.to_string() }
}

/// Sorts, adds up coins of one denom and drops zeros, as contracts' messages are normalised on their way.
pub fn normalize(coins: impl IntoIterator<Item = Coin>) -> Vec<Coin> {
    let mut sums = std::collections::BTreeMap::<String, Uint128>::new();
    for coin in coins {
        let sum = sums.entry(coin.denom).or_default();
        *sum = sum.saturating_add(coin.amount);
    }
    sums.into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(denom, amount)| Coin { denom, amount })
        .collect()
}
