//! An exact decimal with 18 places: what a price amount is in SDL.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A number from 0 to about 3.4e20 with 18 decimal places, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u128);

/// A text that is no such decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no decimal number with 18 places such as 1.500000000000000000")]
pub struct DecimalError(String);

impl Decimal {
    /// What 1 is in [`atomics`](Self::atomics).
    pub const ONE: u128 = 1_000_000_000_000_000_000;

    /// From units of 10^-18.
    pub const fn from_atomics(atomics: u128) -> Self {
        Self(atomics)
    }

    /// In units of 10^-18.
    pub const fn atomics(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:018}", self.0 / Self::ONE, self.0 % Self::ONE)
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
