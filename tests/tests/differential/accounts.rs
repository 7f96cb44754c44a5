//! Who acts: keys that both chains know, and what each has at the start.

use souk_chain::{Coin, SecretKey};

/// The contracts' denom, and one that they do not take.
pub const DENOM: &str = "usouk";
pub const OTHER: &str = "uother";
/// What a unit of gas costs at least on both chains, in thousandths of a base unit.
pub const MILLI_GAS_PRICE: u128 = 25;

/// Someone with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Instantiates the contracts and owns them.
    Owner,
    Ann,
    Bob,
    Cheap,
    Dear,
    /// Signs for `Cheap`.
    Operator,
    Auditor,
    Staker,
    /// Has the coins for one fee or two.
    Poor,
    /// Has no account at all.
    Nobody,
}

impl Who {
    pub const ALL: [Self; 10] = [
        Self::Owner,
        Self::Ann,
        Self::Bob,
        Self::Cheap,
        Self::Dear,
        Self::Operator,
        Self::Auditor,
        Self::Staker,
        Self::Poor,
        Self::Nobody,
    ];

    pub fn key(self) -> SecretKey {
        let mut bytes = [11u8; 32];
        bytes[31] = 1 + Self::ALL.iter().position(|who| *who == self).unwrap() as u8;
        SecretKey::from_bytes(&bytes).unwrap()
    }

    /// Coins at genesis, sorted by denom.
    pub fn coins(self) -> Vec<Coin> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Poor => vec![Coin::new(60_000, DENOM)],
            _ => vec![Coin::new(1_000_000_000, OTHER), Coin::new(100_000_000_000_000, DENOM)],
        }
    }
}
