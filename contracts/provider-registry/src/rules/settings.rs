//! What may be configured, and how long what providers say of themselves may be.

use cosmwasm_std::HexBinary;
use souk_api::registry::{Contact, InstantiateMsg, Slashing};
use souk_contract_std::{CommonError, limits::check_text};
use souk_core::{
    Amount, Denom, PriceFloor,
    time::{DAY, WEEK},
};
use thiserror::Error;

/// A configuration value outside its range.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{what} is {value}, it must be {allowed}")]
pub struct SettingError {
    /// Which one.
    pub what: &'static str,
    /// Its value.
    pub value: String,
    /// What would do.
    pub allowed: &'static str,
}

/// Slashers at most.
pub const MAX_SLASHERS: usize = 16;
/// Denoms with a price floor at most: they are read with every bid.
pub const MAX_FLOORS: usize = 8;
/// Longest time of unbonding, in seconds.
const MAX_UNBONDING: u64 = 90 * DAY;
/// Longest time between two slashes, in seconds.
const MAX_PERIOD: u64 = 90 * DAY;
/// Longest delay of a slash after its notice, in seconds.
const MAX_DELAY: u64 = 30 * DAY;

/// Bytes of an ed25519 key.
const KEY_BYTES: usize = 32;

/// Checks the form of a key with which an agent signs. Whether it is a point of the curve shows when it is used.
///
/// # Errors
/// If it has another length.
pub fn check_quote_key(key: &HexBinary) -> Result<(), SettingError> {
    if key.len() == KEY_BYTES {
        return Ok(());
    }
    let (what, value, allowed) = ("quote_key", key.to_hex(), "an ed25519 key of 32 bytes, as hex");
    Err(SettingError { what, value, allowed })
}

/// Refuses a key with which anybody can sign.
///
/// # Errors
/// If it is one.
pub fn check_own_key(key: &HexBinary, is_anybodys: bool) -> Result<(), SettingError> {
    if !is_anybodys {
        return Ok(());
    }
    let (what, value) = ("quote_key", key.to_hex());
    Err(SettingError { what, value, allowed: "the public half of a secret key of ed25519" })
}

/// Checks what is set once and for all, and the least bond.
///
/// # Errors
/// If a value is out of its range.
pub fn check(msg: &InstantiateMsg) -> Result<(), SettingError> {
    let bad = |what, value: String, allowed| Err(SettingError { what, value, allowed });
    if !matches!(msg.bond_denom.parse(), Ok(Denom::Native(_))) {
        return bad("bond_denom", msg.bond_denom.clone(), "a denom of the bank module");
    }
    if msg.unbonding_period > MAX_UNBONDING {
        return bad("unbonding_period", msg.unbonding_period.to_string(), "at most 90 days");
    }
    if msg.bond_per_slot == Amount::ZERO {
        return bad("bond_per_slot", msg.bond_per_slot.to_string(), "at least 1");
    }
    check_slashing(msg.slashing)?;
    check_change_delay(msg.change_delay)?;
    check_min_bond(msg.min_bond)
}

/// Checks the bounds of slashing.
///
/// # Errors
/// If one is out of its range.
pub fn check_slashing(bounds: Slashing) -> Result<(), SettingError> {
    let Slashing { cap_bps, period, delay } = bounds;
    let bad = |what, value: String, allowed| Err(SettingError { what, value, allowed });
    if !(1..=10_000).contains(&cap_bps) {
        return bad("slashing.cap_bps", cap_bps.to_string(), "1 to 10000");
    }
    if period > MAX_PERIOD {
        return bad("slashing.period", period.to_string(), "at most 90 days");
    }
    if delay > MAX_DELAY {
        return bad("slashing.delay", delay.to_string(), "at most 30 days");
    }
    Ok(())
}

/// Checks the delay of a provider's changes, in seconds.
///
/// # Errors
/// If it is more than a week.
pub fn check_change_delay(seconds: u64) -> Result<(), SettingError> {
    if seconds > WEEK {
        let (value, allowed) = (seconds.to_string(), "at most a week");
        return Err(SettingError { what: "change_delay", value, allowed });
    }
    Ok(())
}

/// Checks the denoms of price floors: each stands there once, and none that cannot be one.
///
/// # Errors
/// If a denom is no denom or stands there twice.
pub fn check_floors(floors: &[PriceFloor]) -> Result<(), SettingError> {
    for (index, PriceFloor { denom, .. }) in floors.iter().enumerate() {
        let twice = floors.iter().take(index).any(|before| before.denom == *denom);
        if twice || !denom.is_well_formed() {
            let (value, allowed) = (denom.to_string(), "a denom that stands there once");
            return Err(SettingError { what: "a floor's denom", value, allowed });
        }
    }
    Ok(())
}

/// Checks the least bond: registering must cost something.
///
/// # Errors
/// If it is zero.
pub fn check_min_bond(min_bond: Amount) -> Result<(), SettingError> {
    if min_bond == Amount::ZERO {
        let (value, allowed) = (min_bond.to_string(), "at least 1");
        return Err(SettingError { what: "min_bond", value, allowed });
    }
    Ok(())
}

/// Checks where people reach a provider.
///
/// # Errors
/// If a text is too long.
pub fn check_contact(contact: &Contact) -> Result<(), CommonError> {
    check_text("the contact's email", &contact.email)?;
    check_text("the contact's website", &contact.website)
}
