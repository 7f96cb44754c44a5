//! What the chain holds of a manifest: SHA-256 over a random salt and the version hash. A
//! bare hash would let anyone guess secrets in the environment; the salt travels with the
//! manifest to the provider alone.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Thirty-two random bytes, as hex in JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Salt(pub [u8; 32]);

/// A salt that is no 32 bytes of hex.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a salt is 64 hexadecimal digits, this has {0} characters")]
pub struct SaltError(usize);

impl TryFrom<String> for Salt {
    type Error = SaltError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| SaltError(text.len()))?;
        Ok(Self(bytes))
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        hex::encode(salt.0)
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// The commitment to a manifest's version; without salt it is the version itself, as
/// Akash has it.
pub fn commitment(salt: Option<&Salt>, version: &[u8; 32]) -> [u8; 32] {
    match salt {
        None => *version,
        Some(salt) => Sha256::new().chain_update(salt.0).chain_update(version).finalize().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_salt_the_commitment_is_the_version() {
        assert_eq!(commitment(None, &[7; 32]), [7; 32]);
    }

    #[test]
    fn the_same_version_under_two_salts_looks_unrelated() {
        let version = [7; 32];
        let one = commitment(Some(&Salt([1; 32])), &version);
        let two = commitment(Some(&Salt([2; 32])), &version);
        assert_ne!(one, two);
        assert_ne!(one, version);
    }

    #[test]
    fn a_salt_reads_back_and_is_never_printed() {
        let salt = Salt([0xab; 32]);
        let json = serde_json::to_string(&salt).unwrap();
        assert_eq!(serde_json::from_str::<Salt>(&json).unwrap(), salt);
        assert_eq!(format!("{salt:?}"), "Salt(..)");
        assert!(serde_json::from_str::<Salt>("\"abcd\"").is_err());
    }
}
