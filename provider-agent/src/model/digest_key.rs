//! Digests of what is secret: with a key that only the agent has, they reveal nothing of it, however
//! short it is.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The key of digests; 32 bytes, kept in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    /// A key of random bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What is stored of it.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 64 bits of the parts' HMAC-SHA256.
    pub fn digest(&self, parts: &[&str]) -> u64 {
        // A key of any length is taken; the error is for other kinds of codes.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return 0 };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let code = mac.finalize().into_bytes();
        let (first, _) = code.split_at(8);
        first.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_found_again_with_its_key_alone() {
        let (one, other) = (DigestKey::from_bytes([1; 32]), DigestKey::from_bytes([2; 32]));
        let again = DigestKey::from_bytes(*one.as_bytes());
        assert_eq!(one.digest(&["a", "b"]), again.digest(&["a", "b"]));
        assert_ne!(one.digest(&["a", "b"]), other.digest(&["a", "b"]));
        assert_ne!(one.digest(&["a", "b"]), one.digest(&["ab"]));
        assert_eq!(format!("{one:?}"), "DigestKey");
    }
}
