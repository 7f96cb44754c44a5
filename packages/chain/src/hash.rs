//! The hash under which CometBFT knows a transaction: SHA-256 of its bytes.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// SHA-256 of a transaction's bytes; shown as the upper-case hex that explorers use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TxHash([u8; 32]);

/// Why a text is not a transaction hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a transaction hash: 64 hexadecimal digits are expected")]
pub struct InvalidHash {
    text: String,
}

impl TxHash {
    /// The hash of these transaction bytes.
    pub fn of(tx: &[u8]) -> Self {
        Self(Sha256::digest(tx).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

impl fmt::Debug for TxHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxHash({self})")
    }
}

impl FromStr for TxHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim_start_matches("0x"), &mut bytes)
            .map_err(|_| InvalidHash { text: text.to_owned() })?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_as_it_was_written() {
        let hash = TxHash::of(b"tx");
        assert_eq!(hash.to_string().parse::<TxHash>(), Ok(hash));
        assert_eq!(hash.to_string().to_lowercase().parse::<TxHash>(), Ok(hash));
    }

    #[test]
    fn a_short_hash_is_refused() {
        assert!("ABCD".parse::<TxHash>().is_err());
    }
}
