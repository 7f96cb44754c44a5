//! What may be configured and asked for.

use souk_core::{AccountId, time::WEEK};

use crate::ContractError;

/// Controllers that can be listed: as many as account ids have room for.
pub const MAX_CONTROLLERS: usize = AccountId::MAX_CONTROLLER as usize + 1;
/// cw20 contracts that can be listed: the list is read with every token that comes.
pub const MAX_CW20: usize = 32;
/// The highest take rate: everything.
const MAX_TAKE_BPS: u16 = 10_000;

/// Checks the least runway, in seconds.
///
/// # Errors
/// If it is not 1 second to a week.
pub fn check_min_runway(seconds: u64) -> Result<(), ContractError> {
    if (1..=WEEK).contains(&seconds) {
        return Ok(());
    }
    Err(ContractError::MinRunway(seconds))
}

/// Checks a take rate, in hundredths of a per cent.
///
/// # Errors
/// If it is above 10000.
pub fn check_take_bps(take_bps: u16) -> Result<(), ContractError> {
    if take_bps > MAX_TAKE_BPS { Err(ContractError::TakeRate(take_bps)) } else { Ok(()) }
}
