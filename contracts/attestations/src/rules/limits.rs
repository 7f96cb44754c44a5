//! What may be attested and configured: lengths, expiries, lifetimes.

use souk_api::attestations::{Evidence, Profile};
use souk_contract_std::{CommonError, limits::check_text};
use souk_core::time::{DAY, HOUR};
use thiserror::Error;

/// What may not be attested or configured.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum LimitError {
    /// An expiry that is past or too far away.
    #[error("expiry {expires_at} must lie after {now} and not beyond {latest}")]
    Expiry {
        /// What was asked for, in seconds.
        expires_at: u64,
        /// The block's time.
        now: u64,
        /// The latest that is allowed.
        latest: u64,
    },
    /// A hash of another length.
    #[error("the evidence's hash has {len} bytes; it is a SHA-256, 32 bytes")]
    EvidenceHash {
        /// Its length in bytes.
        len: usize,
    },
    /// A lifetime out of range.
    #[error("a longest lifetime of {value} s; it must be {min} to {max} (an hour to ten years)")]
    MaxLifetime {
        /// What was given, in seconds.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}

/// Least and most of the longest lifetime, in seconds: an hour and ten years.
pub const LIFETIMES: (u64, u64) = (HOUR, 3_650 * DAY);
/// Bytes of the evidence's hash, a SHA-256.
const HASH_LEN: usize = 32;

/// Checks the longest lifetime of an attestation, in seconds.
///
/// # Errors
/// If it is not within [`LIFETIMES`].
pub fn check_lifetime(value: u64) -> Result<(), LimitError> {
    let (min, max) = LIFETIMES;
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(LimitError::MaxLifetime { value, min, max })
}

/// Checks that an expiry lies ahead and within the longest lifetime.
///
/// # Errors
/// If it does not.
pub fn check_expiry(expires_at: u64, now: u64, max_lifetime: u64) -> Result<(), LimitError> {
    let latest = now.saturating_add(max_lifetime);
    if expires_at <= now || expires_at > latest {
        return Err(LimitError::Expiry { expires_at, now, latest });
    }
    Ok(())
}

/// Checks the length of the evidence's hash.
///
/// # Errors
/// If it is not that of a SHA-256.
pub fn check_hash(evidence: &Evidence) -> Result<(), LimitError> {
    let len = evidence.hash.len();
    if len != HASH_LEN {
        return Err(LimitError::EvidenceHash { len });
    }
    Ok(())
}

/// Checks where the evidence is.
///
/// # Errors
/// If the uri is too long.
pub fn check_uri(evidence: &Evidence) -> Result<(), CommonError> {
    check_text("the evidence's uri", &evidence.uri)
}

/// Checks the texts of an auditor's profile.
///
/// # Errors
/// If one of them is too long.
pub fn check_profile(profile: &Profile) -> Result<(), CommonError> {
    check_text("the profile's name", &profile.name)?;
    check_text("the profile's website", &profile.website)?;
    check_text("the profile's policy", &profile.policy)
}
