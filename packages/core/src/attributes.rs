//! Attributes: what providers claim, auditors attest and tenants require.

use std::fmt;

use cosmwasm_schema::cw_serde;
use thiserror::Error;

/// A key and its value. In a requirement the key may end in `*`.
#[cw_serde]
#[derive(Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    /// Segments joined by `/`, for instance `capabilities/gpu/vendor/nvidia/model/h100`.
    pub key: String,
    /// Any text of at most 256 bytes.
    pub value: String,
}

/// An attribute that breaks a rule.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum AttributeError {
    /// The key's form.
    #[error(
        "attribute key `{0}` must start with a letter and hold 2 to 128 letters, digits, `_`, `-`, `.` or `/`"
    )]
    Key(String),
    /// A pattern where only a name may stand.
    #[error("attribute key `{0}` holds `*`; only a requirement may, as its last character")]
    Pattern(String),
    /// The value's size.
    #[error("the value of attribute `{key}` has {len} bytes, the limit is 256")]
    ValueTooLong {
        /// The attribute.
        key: String,
        /// Its value's length in bytes.
        len: usize,
    },
    /// One key twice.
    #[error("attribute key `{0}` stands there twice")]
    Duplicate(String),
    /// Too many of them.
    #[error("{count} attributes, the limit is {max}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

/// Longest value in bytes.
pub const MAX_VALUE: usize = 256;

impl Attribute {
    /// A key and a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// Checks an attribute that a provider claims or an auditor attests: no patterns.
    pub fn check_claim(&self) -> Result<(), AttributeError> {
        if self.key.contains('*') {
            return Err(AttributeError::Pattern(self.key.clone()));
        }
        self.check_requirement()
    }

    /// Checks an attribute that a tenant requires: `*` may be the last character.
    pub fn check_requirement(&self) -> Result<(), AttributeError> {
        let name = self.key.strip_suffix('*').unwrap_or(&self.key);
        if name.contains('*') {
            return Err(AttributeError::Pattern(self.key.clone()));
        }
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-./".contains(&b);
        let fine = (2..=128).contains(&self.key.len())
            && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && name.bytes().all(letter);
        if !fine {
            return Err(AttributeError::Key(self.key.clone()));
        }
        if self.value.len() > MAX_VALUE {
            return Err(AttributeError::ValueTooLong {
                key: self.key.clone(),
                len: self.value.len(),
            });
        }
        Ok(())
    }

    /// Whether a provider's attribute meets this requirement: the key, read as a pattern,
    /// fits and the values are equal.
    pub fn is_met_by(&self, claim: &Self) -> bool {
        self.value == claim.value && key_matches(&self.key, &claim.key)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// Checks a list of claims: each one by itself, no key twice, at most `max`.
pub fn check_claims(claims: &[Attribute], max: usize) -> Result<(), AttributeError> {
    check_list(claims, max, Attribute::check_claim)
}

/// Checks a list of requirements: each one by itself, no key twice, at most `max`.
pub fn check_requirements(required: &[Attribute], max: usize) -> Result<(), AttributeError> {
    check_list(required, max, Attribute::check_requirement)
}

fn check_list(
    list: &[Attribute],
    max: usize,
    check: impl Fn(&Attribute) -> Result<(), AttributeError>,
) -> Result<(), AttributeError> {
    if list.len() > max {
        return Err(AttributeError::TooMany { count: list.len(), max });
    }
    // Lists are short, and no sort needs to be in a contract's code for them.
    for (index, attribute) in list.iter().enumerate() {
        if list.iter().take(index).any(|before| before.key == attribute.key) {
            return Err(AttributeError::Duplicate(attribute.key.clone()));
        }
    }
    list.iter().try_for_each(check)
}

/// Whether `key` fits `pattern`, segment by segment: a `*` at a segment's end stands for
/// the rest of that segment and never crosses a `/`.
pub fn key_matches(pattern: &str, key: &str) -> bool {
    let mut patterns = pattern.split('/');
    let mut segments = key.split('/');
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return true,
            (Some(pattern), Some(segment)) => {
                let fits = match pattern.strip_suffix('*') {
                    Some(start) => segment.starts_with(start),
                    None => pattern == segment,
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest_of_one_segment() {
        for (pattern, key, fits) in [
            ("region", "region", true),
            ("reg*", "region", true),
            ("*", "region", true),
            ("reg*", "region/eu", false),
            ("region/*", "region/eu", true),
            ("region/*", "region", false),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/d", false),
            ("region", "regions", false),
        ] {
            assert_eq!(key_matches(pattern, key), fits, "{pattern} on {key}");
        }
    }

    #[test]
    fn claims_hold_no_patterns_and_requirements_only_at_the_end() {
        assert!(Attribute::new("region", "eu").check_claim().is_ok());
        assert!(Attribute::new("reg*", "eu").check_claim().is_err());
        assert!(Attribute::new("reg*", "eu").check_requirement().is_ok());
        assert!(Attribute::new("r*g", "eu").check_requirement().is_err());
        assert!(Attribute::new("1region", "eu").check_requirement().is_err());
        assert!(Attribute::new("re gion", "eu").check_requirement().is_err());
    }

    #[test]
    fn a_key_may_not_stand_twice() {
        let list =
            [Attribute::new("ab", "1"), Attribute::new("cd", "1"), Attribute::new("ab", "2")];
        assert_eq!(check_claims(&list, 8), Err(AttributeError::Duplicate("ab".into())));
    }
}
