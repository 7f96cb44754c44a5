//! Coins of the market's own denom.

use cosmwasm_std::{Coin, coin};
use souk_api::defaults::DENOM;

/// Whole SOUK.
pub fn souk(whole: u128) -> Coin {
    usouk(whole.saturating_mul(1_000_000))
}

/// Base units, millionths of a SOUK.
pub fn usouk(units: u128) -> Coin {
    coin(units, DENOM)
}
