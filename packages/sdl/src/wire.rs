//! Strict reading of the wire form: what is accepted writes back to the same bytes.
//!
//! A provider hashes the manifest that it was sent. If a missing key were read like a `null`,
//! or an empty list like a missing key, two texts would share one meaning and the hash of what
//! was read would not be the hash of what was sent.

use serde::{Deserialize, Deserializer, de::Error};

/// A key that must be there, and may be `null`. (Serde takes a missing key for `null`.)
///
/// # Errors
/// If the key is missing, or its value is of another kind.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// A key that may be left out, and may not be `null`.
///
/// # Errors
/// If its value is `null` or of another kind.
pub fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A key that is left out when its value is the type's zero, so the zero may not be written.
///
/// # Errors
/// If its value is the zero, or of another kind.
pub fn not_zero<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    let value = T::deserialize(deserializer)?;
    if value == T::default() {
        return Err(D::Error::custom("an empty value must be left out"));
    }
    Ok(value)
}

/// For `skip_serializing_if`: whether a value is its type's zero.
pub fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
