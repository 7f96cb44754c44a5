//! The price of gas, as a decimal amount of a denom; fees are rounded up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Coin;

const ATTO: u128 = 1_000_000_000_000_000_000;
const DECIMALS: usize = 18;

/// Base units of a denom for one unit of gas, with up to 18 decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GasPrice {
    atto: u128,
    denom: String,
}

/// Why a text is not a gas price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a gas price: a decimal number and a denom are expected, such as 0.025ustake"
)]
pub struct InvalidGasPrice {
    text: String,
}

impl GasPrice {
    /// The denom that fees are paid in.
    pub fn denom(&self) -> &str {
        &self.denom
    }

    /// The fee for `gas`, rounded up to whole base units; nothing if the price is 0.
    pub fn fee(&self, gas: u64) -> Vec<Coin> {
        let gas = u128::from(gas);
        let whole = gas.saturating_mul(self.atto / ATTO);
        let part = gas.saturating_mul(self.atto % ATTO).div_ceil(ATTO);
        match whole.saturating_add(part) {
            0 => Vec::new(),
            amount => vec![Coin::new(amount, self.denom.clone())],
        }
    }

    /// The price to try after this one was refused for `gas`: what the node asked for if it
    /// said so, else a quarter more, never above `max`. None if that would not help.
    pub fn raised(&self, gas: u64, required: &[Coin], max: &GasPrice) -> Option<GasPrice> {
        if max.denom != self.denom || self.atto >= max.atto {
            return None;
        }
        let asked = required.iter().find(|coin| coin.denom == self.denom);
        let step = (self.atto / 4).max(ATTO / 10_000);
        let mut atto = self.atto.saturating_add(step);
        if let Some(coin) = asked {
            // Rounded down, because the fee is rounded up: together they meet it exactly.
            let covering = coin.amount.saturating_mul(ATTO) / u128::from(gas.max(1));
            if covering > max.atto {
                return None;
            }
            atto = atto.max(covering);
        }
        Some(Self { atto: atto.min(max.atto), denom: self.denom.clone() })
    }

    /// The price to try after this one was enough for a while: a fifth less, not below `floor`.
    #[must_use]
    pub fn lowered(&self, floor: &GasPrice) -> GasPrice {
        if floor.denom != self.denom || self.atto <= floor.atto {
            return self.clone();
        }
        let atto = self.atto.saturating_sub((self.atto / 5).max(1));
        Self { atto: atto.max(floor.atto), denom: self.denom.clone() }
    }

    /// This price times `times`, for a bound.
    #[must_use]
    pub fn times(&self, times: u32) -> Self {
        Self { atto: self.atto.saturating_mul(u128::from(times)), denom: self.denom.clone() }
    }
}

impl FromStr for GasPrice {
    type Err = InvalidGasPrice;

    fn from_str(text: &str) -> Result<Self, InvalidGasPrice> {
        let read = || {
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, denom) = text.split_at(end);
            let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
            if whole.is_empty() || part.is_empty() || part.len() > DECIMALS {
                return None;
            }
            // The denom's own rules are the coin's.
            let coin: Coin = format!("0{denom}").parse().ok()?;
            let whole: u128 = whole.parse().ok()?;
            let part: u128 = format!("{part:0<DECIMALS$}").parse().ok()?;
            Some(Self { atto: whole.checked_mul(ATTO)?.checked_add(part)?, denom: coin.denom })
        };
        read().ok_or_else(|| InvalidGasPrice { text: text.to_owned() })
    }
}

impl fmt::Display for GasPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:0DECIMALS$}", self.atto % ATTO);
        let part = part.trim_end_matches('0');
        match part {
            "" => write!(f, "{}{}", self.atto / ATTO, self.denom),
            part => write!(f, "{}.{part}{}", self.atto / ATTO, self.denom),
        }
    }
}

impl Serialize for GasPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GasPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(text: &str) -> GasPrice {
        text.parse().unwrap()
    }

    #[test]
    fn a_fee_is_rounded_up() {
        assert_eq!(price("0.025ustake").fee(100_001), [Coin::new(2501, "ustake")]);
        assert_eq!(price("3ustake").fee(7), [Coin::new(21, "ustake")]);
        assert_eq!(price("0ustake").fee(1_000_000), []);
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in ["", "ustake", "0.025", ".5ustake", "1.ustake", "1.2.3ustake", "-1ustake"] {
            assert!(text.parse::<GasPrice>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_raise_meets_what_the_node_asked_for() {
        let raised = price("0.01ustake")
            .raised(200_000, &[Coin::new(5_000, "ustake")], &price("0.1ustake"))
            .unwrap();
        assert_eq!(raised.fee(200_000), [Coin::new(5_000, "ustake")]);
    }

    #[test]
    fn a_raise_stops_at_the_bound() {
        let max = price("0.02ustake");
        assert_eq!(max.raised(1, &[], &max), None);
        let out_of_reach = [Coin::new(u128::MAX, "ustake")];
        assert_eq!(price("0.01ustake").raised(1, &out_of_reach, &max), None);
        let near = price("0.019ustake").raised(1, &[], &max);
        assert_eq!(near, Some(max));
    }

    #[test]
    fn a_raised_price_steps_back_to_its_floor_and_no_further() {
        let floor = price("0.03ustake");
        assert_eq!(price("0.05ustake").lowered(&floor), price("0.04ustake"));
        assert_eq!(price("0.035ustake").lowered(&floor), floor);
        assert_eq!(floor.lowered(&floor), floor);
        assert_eq!(price("0.02ustake").lowered(&floor), price("0.02ustake"));
    }

    #[test]
    fn a_price_of_zero_can_be_raised() {
        assert!(price("0ustake").raised(1, &[], &price("1ustake")).is_some());
    }

    proptest! {
        #[test]
        fn a_price_reads_back_as_it_was_written(atto in 0u128..u128::MAX / 2) {
            let price = GasPrice { atto, denom: "ustake".into() };
            prop_assert_eq!(price.to_string().parse::<GasPrice>(), Ok(price));
        }

        #[test]
        fn repeated_raises_end_at_the_bound(start in 0u128..ATTO, max in 1u128..ATTO * 100) {
            let max = GasPrice { atto: max, denom: "u1".into() };
            let mut price = GasPrice { atto: start, denom: "u1".into() };
            let mut steps = 0;
            while let Some(next) = price.raised(100, &[], &max) {
                prop_assert!(next.atto > price.atto && next.atto <= max.atto);
                price = next;
                steps += 1;
                prop_assert!(steps < 1000);
            }
        }
    }
}
