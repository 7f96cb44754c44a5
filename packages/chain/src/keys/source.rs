//! Where a process gets its key from: a file, or a credential in the environment.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::error::KeyError;
use super::file::read_key_file;
use super::key::SecretKey;
use super::mnemonic::key_from_text;
use super::passphrase::Passphrase;

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
    ///
    /// # Errors
    /// If the file or variable is missing, is not a key, or cannot be opened with the passphrase.
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
    fn a_variable_that_is_not_set_is_named() {
        let source = KeySource::Environment { variable: "SOUK_TEST_NO_SUCH_KEY".into() };
        let error = source.load().unwrap_err().to_string();
        assert!(error.contains("SOUK_TEST_NO_SUCH_KEY"), "{error}");
    }
}
