//! Where a process gets its key from: a file, or a credential in the environment.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{KeyError, Mnemonic, SecretKey, read_key_file};

/// A passphrase; wiped when dropped and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// From an environment variable.
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

/// Where the key is. It is never in a configuration file.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A key file, encrypted or plain.
    File {
        /// Its path.
        path: PathBuf,
        /// Needed if it is encrypted.
        passphrase: Option<Passphrase>,
    },
    /// An environment variable that holds the key's hex or a mnemonic.
    Environment {
        /// Its name.
        variable: String,
    },
}

impl KeySource {
    /// Reads the key.
    pub fn load(&self) -> Result<SecretKey, KeyError> {
        match self {
            Self::File { path, passphrase } => read_key_file(path, passphrase.as_ref()),
            Self::Environment { variable } => {
                let text = std::env::var(variable)
                    .map_err(|_| KeyError::NotInEnvironment { variable: variable.clone() })?;
                key_from_text(&Zeroizing::new(text))
                    .map_err(|_| KeyError::NotAKeyInEnvironment { variable: variable.clone() })
            }
        }
    }
}

/// Hex, or a mnemonic's first key.
pub(super) fn key_from_text(text: &str) -> Result<SecretKey, KeyError> {
    if text.split_whitespace().count() > 1 {
        return Mnemonic::parse(text)?.key(0);
    }
    SecretKey::from_hex(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_not_shown() {
        let source = KeySource::File {
            path: "key".into(),
            passphrase: Some(Passphrase::new("correct horse")),
        };
        assert!(!format!("{source:?}").contains("horse"));
    }

    #[test]
    fn a_key_reads_from_hex_and_from_a_mnemonic() {
        let key = SecretKey::generate();
        let hex = format!("0x{}\n", hex::encode(key.to_bytes().as_slice()));
        assert_eq!(key_from_text(&hex).unwrap().to_bytes(), key.to_bytes());
        let mnemonic = Mnemonic::generate(Default::default()).unwrap();
        assert_eq!(
            key_from_text(mnemonic.phrase()).unwrap().to_bytes(),
            mnemonic.key(0).unwrap().to_bytes()
        );
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let source = KeySource::Environment { variable: "SOUK_TEST_NO_SUCH_KEY".into() };
        let error = source.load().unwrap_err().to_string();
        assert!(error.contains("SOUK_TEST_NO_SUCH_KEY"), "{error}");
    }
}
