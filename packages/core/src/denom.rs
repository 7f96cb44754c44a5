//! What money is: a native or IBC denom of the chain, or a cw20 token's contract.

use std::{fmt, str::FromStr};

use cosmwasm_schema::cw_serde;
use thiserror::Error;

/// A kind of coin. Written `usouk`, `ibc/27394F...` or `cw20:ADDRESS`.
#[cw_serde]
#[derive(Eq, Hash, PartialOrd, Ord)]
pub enum Denom {
    /// A native or IBC denom of the bank module.
    Native(String),
    /// A cw20 token, by its contract's address.
    Cw20(String),
}

/// A denom that could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is not a denom; write a bank denom such as `usouk`, or `cw20:` and a contract's address"
)]
pub struct DenomError(String);

impl Denom {
    /// A native or IBC denom.
    pub fn native(denom: impl Into<String>) -> Self {
        Self::Native(denom.into())
    }

    /// Whether it reads back as what it prints. A bank denom that begins as a token is written
    /// (`cw20:`) does not: it would be taken for that token.
    pub fn is_well_formed(&self) -> bool {
        self.to_string().parse().as_ref() == Ok(self)
    }

    /// The bank denom, if it is one.
    pub fn as_native(&self) -> Option<&str> {
        match self {
            Self::Native(denom) => Some(denom),
            Self::Cw20(_) => None,
        }
    }
}

impl fmt::Display for Denom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(denom) => f.write_str(denom),
            Self::Cw20(address) => write!(f, "cw20:{address}"),
        }
    }
}

impl FromStr for Denom {
    type Err = DenomError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || DenomError(text.to_owned());
        if let Some(address) = text.strip_prefix("cw20:") {
            let fine = !address.is_empty() && address.bytes().all(|b| b.is_ascii_alphanumeric());
            return fine.then(|| Self::Cw20(address.to_owned())).ok_or_else(bad);
        }
        // The bank module's rule: [a-zA-Z][a-zA-Z0-9/:._-]{2,127}
        let tail = |b: u8| b.is_ascii_alphanumeric() || b"/:._-".contains(&b);
        let fine = (3..=128).contains(&text.len())
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && text.bytes().all(tail);
        fine.then(|| Self::Native(text.to_owned())).ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_denom_that_is_written_as_a_token_is_not_well_formed() {
        for denom in [Denom::native("usouk"), Denom::Cw20("souk1abc".into())] {
            assert!(denom.is_well_formed(), "{denom}");
        }
        for denom in [
            Denom::native("cw20:souk1abc"),
            Denom::native("cw20:"),
            Denom::native("u"),
            Denom::Cw20("with space".into()),
        ] {
            assert!(!denom.is_well_formed(), "{denom}");
        }
    }

    #[test]
    fn a_denom_reads_back_what_it_prints() {
        for text in ["usouk", "ibc/27394FB092D2ECCD56123C74F36E4C1F", "cw20:souk1abc"] {
            assert_eq!(text.parse::<Denom>().unwrap().to_string(), text);
        }
        for bad in ["", "u", "1abc", "cw20:", "a b c"] {
            assert!(bad.parse::<Denom>().is_err(), "{bad}");
        }
    }
}
