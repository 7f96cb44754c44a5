//! What may be configured, and how long what providers say of themselves may be.

use souk_api::registry::{Contact, InstantiateMsg};
use souk_contract_std::{CommonError, limits::check_text};
use souk_core::{Amount, Denom, time::DAY};
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
/// Longest time of unbonding, in seconds.
const MAX_UNBONDING: u64 = 90 * DAY;

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
    check_min_bond(msg.min_bond)
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
