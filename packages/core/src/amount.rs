//! Coins: amounts in base units, prices in base units an hour, and sums of prices.
//!
//! Bounds keep every product of the market within 128 bits: a price is at most 2^96, an
//! amount at most 2^112, and an amount scaled to seconds (times 3600) below 2^124.

use std::{fmt, str::FromStr};

use cosmwasm_schema::{
    schemars::{JsonSchema, r#gen::SchemaGenerator, schema::Schema},
    serde::{Deserialize, Deserializer, Serialize, Serializer, de},
};
use thiserror::Error;

/// A number of base units that is out of range or no number.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum AmountError {
    /// Not a decimal number of base units.
    #[error("`{0}` is not a whole number of base units")]
    NotANumber(String),
    /// Larger than the type allows.
    #[error("{value} is above the limit of {max}")]
    TooLarge {
        /// What was given.
        value: u128,
        /// The limit.
        max: u128,
    },
    /// A price of nothing.
    #[error("a price must be at least 1 base unit an hour")]
    ZeroPrice,
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, max $max:expr, check $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The largest value.
            pub const MAX: Self = Self($max);

            /// Checks the bounds.
            pub fn new(value: u128) -> Result<Self, AmountError> {
                let check: fn(u128) -> Result<(), AmountError> = $check;
                check(value)?;
                if value > Self::MAX.0 {
                    return Err(AmountError::TooLarge { value, max: Self::MAX.0 });
                }
                Ok(Self(value))
            }

            /// The bare number.
            pub const fn u128(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = AmountError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let value = digits.then(|| text.parse::<u128>().ok()).flatten();
                Self::new(value.ok_or_else(|| AmountError::NotANumber(text.to_owned()))?)
            }
        }

        impl TryFrom<u128> for $name {
            type Error = AmountError;
            fn try_from(value: u128) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }

        impl From<$name> for u128 {
            fn from(value: $name) -> u128 {
                value.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0.to_string())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> String {
                stringify!($name).to_owned()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut schema = String::json_schema(generator).into_object();
                schema.metadata().description =
                    Some(concat!("decimal digits in a string: ", stringify!($name)).to_owned());
                schema.into()
            }
        }
    };
}

number! {
    /// Whole base units of a denom, 0 to 2^112.
    Amount, max 1 << 112, check |_| Ok(())
}
number! {
    /// Base units an hour for one order, 1 to 2^96.
    Price, max 1 << 96, check |value| if value == 0 { Err(AmountError::ZeroPrice) } else { Ok(()) }
}
number! {
    /// Base units an hour for all streams and reserves of an account, 0 to 2^104
    /// (more than 200 times the highest price).
    Rate, max 1 << 104, check |_| Ok(())
}

impl Default for Amount {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The nearest amount: for numbers that are known to be within the limit.
    pub const fn saturating(value: u128) -> Self {
        if value > Self::MAX.0 { Self::MAX } else { Self(value) }
    }

    /// The sum, or an error above the limit.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        Self::new(self.0.saturating_add(other.0))
    }

    /// The difference, not below zero.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The difference; none if it would be below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Rate {
    /// Nothing flows.
    pub const ZERO: Self = Self(0);

    /// The sum, or an error above the limit.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        Self::new(self.0.saturating_add(other.0))
    }

    /// The difference, not below zero.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Price> for Rate {
    fn from(price: Price) -> Self {
        Self(price.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_never_zero_and_never_above_its_bound() {
        assert_eq!(Price::new(0), Err(AmountError::ZeroPrice));
        assert!(Price::new(1 << 96).is_ok());
        assert!(Price::new((1 << 96) + 1).is_err());
    }

    #[test]
    fn amounts_read_digits_alone() {
        for bad in ["", "+1", "-1", "1e3", "0x10", " 1", "1.0"] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
        assert_eq!("007".parse::<Amount>(), Ok(Amount(7)));
    }

    #[test]
    fn numbers_travel_as_strings() {
        let json = serde_json::to_string(&Amount::MAX).unwrap();
        assert_eq!(json, "\"5192296858534827628530496329220096\"");
        assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), Amount::MAX);
    }
}
