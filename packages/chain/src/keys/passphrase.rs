//! Passphrases.

use std::fmt;

use zeroize::Zeroizing;

use super::error::KeyError;

/// A passphrase; wiped when dropped and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// From an environment variable.
    ///
    /// # Errors
    /// If the variable is not set.
    pub fn from_environment(variable: &str) -> Result<Self, KeyError> {
        match std::env::var(variable) {
            Ok(text) => Ok(Self::new(text)),
            Err(_) => Err(KeyError::NotInEnvironment { variable: variable.to_owned() }),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}
