//! What may be configured.

use souk_api::fees::Split;
use souk_core::{Amount, Denom, time::DAY};

use crate::ContractError;

/// Denoms that can be listed: a change of stake settles every one of them.
pub const MAX_DENOMS: usize = 16;
/// Longest of the periods, in seconds.
const MAX_PERIOD: u64 = 90 * DAY;

/// Checks that the parts make a whole.
///
/// # Errors
/// If they sum to anything but 10000.
pub fn check_split(split: &Split) -> Result<(), ContractError> {
    let parts = [split.pool_bps, split.stakers_bps, split.burn_bps];
    let sum = parts.into_iter().fold(0u32, |sum, part| sum.saturating_add(part.into()));
    if sum == 10_000 { Ok(()) } else { Err(ContractError::Split { split: *split, sum }) }
}

/// Checks the least total stake.
///
/// # Errors
/// If it is zero.
pub fn check_min_total_stake(minimum: Amount) -> Result<(), ContractError> {
    if minimum == Amount::ZERO { Err(ContractError::ZeroMinimum) } else { Ok(()) }
}

/// Checks both periods, in seconds.
///
/// # Errors
/// If one is too short or too long.
pub fn check_periods(drip: u64, unstaking: u64) -> Result<(), ContractError> {
    for (what, found, min) in [("drip_period", drip, DAY), ("unstaking_period", unstaking, 0)] {
        if !(min..=MAX_PERIOD).contains(&found) {
            return Err(ContractError::Period { what, found, min, max: MAX_PERIOD });
        }
    }
    Ok(())
}

/// Checks a denom of the bank module.
///
/// # Errors
/// If it is none.
pub fn check_native(name: &str) -> Result<(), ContractError> {
    match name.parse() {
        Ok(Denom::Native(_)) => Ok(()),
        _ => Err(ContractError::BadDenom(name.to_owned())),
    }
}
