//! What one auditor attests of one provider: how values merge, end and are taken back. Pure.

use souk_api::published::{AttestationRecord, AttestedValue, VERSION};
use souk_core::Attribute;
use thiserror::Error;

/// Values in a record at most.
pub const MAX_VALUES: usize = 64;
/// Bytes of a record as it is stored, at most.
pub const MAX_BYTES: usize = 8 * 1024;

/// What a record does not allow.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum RecordError {
    /// Nothing to attest.
    #[error("no attributes to attest; give at least one")]
    Nothing,
    /// Too many values.
    #[error(
        "the record would hold {count} values, the limit is {MAX_VALUES}; revoke some that no longer matter"
    )]
    TooMany {
        /// How many it would hold.
        count: usize,
    },
    /// Too many bytes.
    #[error(
        "the record would have {bytes} bytes, the limit is {MAX_BYTES}; revoke values or attest shorter ones"
    )]
    TooLarge {
        /// How many it would have.
        bytes: usize,
    },
    /// Nothing to revoke.
    #[error("no keys to revoke; name at least one, or leave the list out to revoke all")]
    NoKeys,
    /// A key that is not there.
    #[error("`{0}` is not attested and cannot be revoked")]
    NotAttested(String),
}

/// The record with `attributes` attested until `expires_at`: a key that stands already gets
/// the new value and expiry, other values stay, those that ended by `now` are dropped. Values
/// are sorted by key.
///
/// # Errors
/// If there is nothing to attest, or if the record would hold too many values.
pub fn merge(
    record: Option<AttestationRecord>,
    attributes: Vec<Attribute>,
    expires_at: u64,
    now: u64,
) -> Result<AttestationRecord, RecordError> {
    if attributes.is_empty() {
        return Err(RecordError::Nothing);
    }
    let mut values = record.map(|record| record.values).unwrap_or_default();
    values.retain(|value| value.expires_at > now);
    for Attribute { key, value } in attributes {
        let found = values.binary_search_by(|existing| existing.key.cmp(&key));
        let attested = AttestedValue { key, value, expires_at };
        match found {
            Ok(index) => values.get_mut(index).map_or((), |existing| *existing = attested),
            Err(index) => values.insert(index, attested),
        }
    }
    if values.len() > MAX_VALUES {
        return Err(RecordError::TooMany { count: values.len() });
    }
    Ok(AttestationRecord { v: VERSION, values })
}

/// Takes the values of `keys` out, or all. Says how many; the record is empty if none is left.
///
/// # Errors
/// If the list is empty, or if a key of it is not attested.
pub fn revoke(record: &mut AttestationRecord, keys: Option<&[String]>) -> Result<u32, RecordError> {
    let before = record.values.len();
    match keys {
        None => record.values.clear(),
        Some([]) => return Err(RecordError::NoKeys),
        Some(keys) => {
            let missing = |key: &&String| !record.values.iter().any(|value| value.key == **key);
            if let Some(key) = keys.iter().find(missing) {
                return Err(RecordError::NotAttested(key.clone()));
            }
            record.values.retain(|value| !keys.contains(&value.key));
        }
    }
    let count = before.saturating_sub(record.values.len());
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(list: &[(&str, &str)]) -> Vec<Attribute> {
        list.iter().map(|(key, value)| Attribute::new(*key, *value)).collect()
    }

    fn values(record: &AttestationRecord) -> Vec<(&str, &str, u64)> {
        let values = record.values.iter();
        values.map(|v| (v.key.as_str(), v.value.as_str(), v.expires_at)).collect()
    }

    #[test]
    fn a_key_attested_again_gets_the_new_value_and_others_stay_sorted() -> Result<(), RecordError> {
        let first = merge(None, attributes(&[("region", "eu"), ("class", "a")]), 100, 1)?;
        let second = merge(Some(first), attributes(&[("region", "us")]), 200, 2)?;
        assert_eq!(values(&second), [("class", "a", 100), ("region", "us", 200)]);
        Ok(())
    }

    #[test]
    fn what_has_ended_makes_room_when_something_is_attested() -> Result<(), RecordError> {
        let first = merge(None, attributes(&[("old", "1"), ("older", "1")]), 100, 1)?;
        let second = merge(Some(first.clone()), attributes(&[("new", "1")]), 200, 99)?;
        assert_eq!(second.values.len(), 3);
        let later = merge(Some(first), attributes(&[("new", "1")]), 200, 100)?;
        assert_eq!(values(&later), [("new", "1", 200)]);
        Ok(())
    }

    #[test]
    fn a_record_holds_64_values_and_not_65() -> Result<(), RecordError> {
        let many = |n: usize| (0..n).map(|i| Attribute::new(format!("k{i:03}"), "v")).collect();
        let full = merge(None, many(64), 100, 1)?;
        assert_eq!(merge(None, many(65), 100, 1), Err(RecordError::TooMany { count: 65 }));
        let again = merge(Some(full.clone()), attributes(&[("k000", "w")]), 100, 1);
        assert_eq!(again?.values.len(), 64);
        let more = merge(Some(full), attributes(&[("other", "w")]), 100, 1);
        assert_eq!(more, Err(RecordError::TooMany { count: 65 }));
        Ok(())
    }

    #[test]
    fn revoking_names_what_is_there() -> Result<(), RecordError> {
        let list = attributes(&[("aa", "1"), ("bb", "1"), ("cc", "1")]);
        let mut record = merge(None, list, 100, 1)?;
        let keys = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        assert_eq!(revoke(&mut record, Some(&[])), Err(RecordError::NoKeys));
        let unknown = revoke(&mut record, Some(&keys(&["aa", "zz"])));
        assert_eq!(unknown, Err(RecordError::NotAttested("zz".into())));
        assert_eq!(record.values.len(), 3);
        assert_eq!(revoke(&mut record, Some(&keys(&["aa", "aa"]))), Ok(1));
        assert_eq!(revoke(&mut record, None), Ok(2));
        assert!(record.values.is_empty());
        Ok(())
    }
}
