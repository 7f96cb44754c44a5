//! What may be attested and configured: lengths, expiries, lifetimes.

use souk_api::attestations::{Evidence, Profile};
use souk_contract_std::limits::check_text;
use souk_core::time::{DAY, HOUR};

use crate::ContractError;

/// Least and most of the longest lifetime, in seconds: an hour and ten years.
pub const LIFETIMES: (u64, u64) = (HOUR, 3_650 * DAY);
/// Bytes of the evidence's hash, a SHA-256.
const HASH_LEN: usize = 32;

/// Checks the longest lifetime of an attestation, in seconds.
///
/// # Errors
/// If it is not within [`LIFETIMES`].
pub fn check_lifetime(value: u64) -> Result<(), ContractError> {
    let (min, max) = LIFETIMES;
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ContractError::MaxLifetime { value, min, max })
}

/// Checks that an expiry lies ahead and within the longest lifetime.
///
/// # Errors
/// If it does not.
pub fn check_expiry(expires_at: u64, now: u64, max_lifetime: u64) -> Result<(), ContractError> {
    let latest = now.saturating_add(max_lifetime);
    if expires_at <= now || expires_at > latest {
        return Err(ContractError::Expiry { expires_at, now, latest });
    }
    Ok(())
}

/// Checks the hash's length and the length of the uri.
///
/// # Errors
/// If one of them is wrong.
pub fn check_evidence(evidence: &Evidence) -> Result<(), ContractError> {
    let len = evidence.hash.len();
    if len != HASH_LEN {
        return Err(ContractError::EvidenceHash { len });
    }
    Ok(check_text("the evidence's uri", &evidence.uri)?)
}

/// Checks the texts of an auditor's profile.
///
/// # Errors
/// If one of them is too long.
pub fn check_profile(profile: &Profile) -> Result<(), ContractError> {
    check_text("the profile's name", &profile.name)?;
    check_text("the profile's website", &profile.website)?;
    Ok(check_text("the profile's policy", &profile.policy)?)
}
