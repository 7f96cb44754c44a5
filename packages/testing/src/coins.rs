//! Coins of the market's own denom.

use cosmwasm_std::{Coin, coin};
use souk_api::defaults::DENOM;

/// So many whole SOUK.
pub fn souk(whole: u128) -> Coin {
    usouk(whole.saturating_mul(1_000_000))
}

/// So many base units, millionths of a SOUK.
pub fn usouk(units: u128) -> Coin {
    coin(units, DENOM)
}
