//! What every copy begins with, and its seal.

use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::config::Config;

/// The first entry of a copy.
pub(super) const HEAD: &str = "souk-provider.json";
/// The format that this program writes and reads.
pub(super) const FORMAT: u32 = 1;
/// A passphrase of fewer characters is refused.
const MIN_PASSPHRASE: usize = 12;

/// What a copy says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its format.
    pub format: u32,
    /// When it was made, in Unix seconds.
    pub made_at: u64,
    /// The provider.
    pub provider: String,
    /// The chain.
    pub chain_id: String,
    /// The orderbook.
    pub orderbook: String,
}

impl Head {
    /// Of a copy for this configuration.
    pub fn of(config: &Config, made_at: u64) -> Self {
        Self {
            format: FORMAT,
            made_at,
            provider: config.provider.address.clone(),
            chain_id: config.chain.chain_id.clone(),
            orderbook: config.chain.contracts().orderbook.clone(),
        }
    }
}

/// Refuses a passphrase that is guessed too easily.
pub(super) fn check(passphrase: SecretString) -> Result<SecretString, BackupError> {
    use age::secrecy::ExposeSecret;
    let length = passphrase.expose_secret().chars().count();
    if length < MIN_PASSPHRASE {
        return Err(BackupError::ShortPassphrase(length));
    }
    Ok(passphrase)
}
