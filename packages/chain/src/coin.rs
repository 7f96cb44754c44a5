//! An amount of one denom, in base units.

use std::fmt;
use std::str::FromStr;

use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use serde::{Deserialize, Serialize};

/// Whole base units of one native denom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Coin {
    /// Base units.
    pub amount: u128,
    /// The bank module's name of the denom.
    pub denom: String,
}

/// Why a text is not a coin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an amount of base units followed by a denom, such as 1000ustake")]
pub struct InvalidCoin {
    text: String,
}

impl Coin {
    /// `amount` base units of `denom`.
    pub fn new(amount: u128, denom: impl Into<String>) -> Self {
        Self { amount, denom: denom.into() }
    }

    /// As the chain's protobuf has it.
    pub fn to_proto(&self) -> ProtoCoin {
        ProtoCoin { denom: self.denom.clone(), amount: self.amount.to_string() }
    }

    /// From the chain's protobuf; an amount that is not a number is refused.
    ///
    /// # Errors
    /// If the amount is not a whole number below 2^128.
    pub fn from_proto(proto: &ProtoCoin) -> Result<Self, InvalidCoin> {
        let amount = proto
            .amount
            .parse()
            .map_err(|_| InvalidCoin { text: format!("{}{}", proto.amount, proto.denom) })?;
        Ok(Self::new(amount, proto.denom.clone()))
    }
}

impl fmt::Display for Coin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.denom)
    }
}

impl FromStr for Coin {
    type Err = InvalidCoin;

    fn from_str(text: &str) -> Result<Self, InvalidCoin> {
        let invalid = || InvalidCoin { text: text.to_owned() };
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let (amount, denom) = text.split_at(split);
        let first_is_letter = denom.starts_with(|c: char| c.is_ascii_alphabetic());
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/:._-".contains(c);
        if !first_is_letter || !denom.chars().all(allowed) {
            return Err(invalid());
        }
        Ok(Self::new(amount.parse().map_err(|_| invalid())?, denom))
    }
}

/// Coins as the bank module wants them in a message or a fee: sorted by denom, no zeros,
/// one entry a denom.
pub(crate) fn normalized(coins: &[Coin]) -> Vec<ProtoCoin> {
    let mut sums = std::collections::BTreeMap::<&str, u128>::new();
    for coin in coins {
        let sum = sums.entry(&coin.denom).or_default();
        *sum = sum.saturating_add(coin.amount);
    }
    sums.into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|(denom, amount)| Coin::new(amount, denom).to_proto())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_reads_back_as_it_was_written() {
        for text in ["0ustake", "12ibc/27394FB0", "340factory/souk1x/pay"] {
            assert_eq!(text.parse::<Coin>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_coin_is_refused() {
        for text in ["", "12", "ustake", "-1ustake", "1.5ustake", "1 ustake"] {
            assert!(text.parse::<Coin>().is_err(), "{text}");
        }
    }

    #[test]
    fn coins_of_a_message_are_sorted_merged_and_without_zeros() {
        let coins = [Coin::new(2, "b"), Coin::new(0, "c"), Coin::new(1, "a"), Coin::new(3, "b")];
        let wire: Vec<_> =
            normalized(&coins).into_iter().map(|c| format!("{}{}", c.amount, c.denom)).collect();
        assert_eq!(wire, ["1a", "5b"]);
    }
}
