//! An exact decimal with 18 places: what a price amount is in SDL.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A number from 0 to about 3.4e20 with 18 decimal places, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u128);

/// A text that is not such a decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number with 18 places such as 1.500000000000000000")]
pub struct DecimalError(String);

/// Why a price's amount was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AmountError {
    #[error("`{0}` is not an amount")]
    NotANumber(String),
    #[error("`{0}` has more than 18 decimal places")]
    TooPrecise(String),
    #[error("`{0}` is too large an amount")]
    TooLarge(String),
    #[error("an amount must be above zero")]
    Zero,
    #[error("the amount `{0}` is below zero")]
    Negative(String),
}

/// The largest amount in units of 10^-18 that the chain's decimals hold.
const LARGEST: &str = "115792089237316195423570985008687907853269984665640564039457584007913129639935999999999999999999";

impl Decimal {
    /// What 1 is in [`atomics`](Self::atomics).
    pub const ONE: u128 = 1_000_000_000_000_000_000;

    /// From units of 10^-18.
    pub const fn from_atomics(atomics: u128) -> Self {
        Self(atomics)
    }

    /// Reads a price's amount: digits with at most one point, digits on both sides of it. As in
    /// Akash a sign may stand before the digits, and a minus before that turns it round.
    /// What is beyond this type but not beyond the chain's becomes the largest value.
    pub(crate) fn from_amount(text: &str) -> Result<Self, AmountError> {
        let bad = || AmountError::NotANumber(text.to_owned());
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match rest.split_once('.') {
            Some((whole, fraction)) if whole.is_empty() || fraction.is_empty() => return Err(bad()),
            Some(parts) => parts,
            None => (rest, ""),
        };
        if fraction.len() > 18 {
            return Err(AmountError::TooPrecise(text.to_owned()));
        }
        let digits = format!("{whole}{fraction:0<18}");
        let (minus, digits) = match digits.as_bytes()[0] {
            b'-' => (true, &digits[1..]),
            b'+' => (false, &digits[1..]),
            _ => (false, digits.as_str()),
        };
        if rest.is_empty() || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Err(AmountError::Zero);
        }
        if (digits.len(), digits) > (LARGEST.len(), LARGEST) {
            return Err(AmountError::TooLarge(text.to_owned()));
        }
        if negative != minus {
            return Err(AmountError::Negative(text.to_owned()));
        }
        Ok(Self(digits.parse().unwrap_or(u128::MAX)))
    }

    /// In units of 10^-18.
    pub const fn atomics(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / Self::ONE, self.0 % Self::ONE);
        // `{:#}` is for people.
        if f.alternate() {
            let digits = format!("{whole}.{fraction:018}");
            return f.write_str(digits.trim_end_matches('0').trim_end_matches('.'));
        }
        write!(f, "{whole}.{fraction:018}")
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (whole, fraction) = text.split_once('.')?;
            let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
            let canonical = digits(whole)
                && digits(fraction)
                && fraction.len() == 18
                && (whole == "0" || !whole.starts_with('0'));
            let whole = canonical.then(|| whole.parse::<u128>().ok()).flatten()?;
            whole.checked_mul(Self::ONE)?.checked_add(fraction.parse().ok()?)
        };
        read().map(Self).ok_or_else(|| DecimalError(text.to_owned()))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_the_chain_reads_them() {
        for (text, atomics) in [
            ("1000", 1000 * Decimal::ONE),
            ("0.5", Decimal::ONE / 2),
            ("0001", Decimal::ONE),
            ("0.000000000000000001", 1),
            ("+1", Decimal::ONE),
            ("--1", Decimal::ONE),
            ("1000000000000000000000", u128::MAX),
        ] {
            assert_eq!(Decimal::from_amount(text), Ok(Decimal(atomics)), "{text}");
        }
        let too_large = format!("1{}", "0".repeat(78));
        for bad in [
            "",
            "-",
            "+",
            ".",
            "1.",
            ".5",
            "1.2.3",
            "1e3",
            "0x10",
            "1_000",
            " 1",
            "0",
            "0.0",
            "-0",
            "-1",
            "-+1",
            "0.0000000000000000001",
            &too_large,
        ] {
            assert!(Decimal::from_amount(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_decimal_reads_back_what_it_prints_and_nothing_else() {
        for text in ["0.000000000000000001", "10000000.000000000000000000", "1.500000000000000000"]
        {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        for bad in ["1", "1.5", ".5", "01.000000000000000000", "-1.000000000000000000", ""] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }
}
