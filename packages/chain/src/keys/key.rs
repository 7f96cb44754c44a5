//! Secret and public keys, their addresses and signatures.

use std::fmt;

use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use rand::rngs::OsRng;
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::KeyError;

/// A secret key.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

/// The public key of a [`SecretKey`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl SecretKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self(SigningKey::random(&mut OsRng))
    }

    /// From its 32 bytes.
    ///
    /// # Errors
    /// If the bytes are not a key of secp256k1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_slice(bytes).map(Self).map_err(|_| KeyError::NotAKey)
    }

    /// From 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// If the text is not the hex of a key.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits, bytes.as_mut_slice()).map_err(|_| KeyError::NotAKey)?;
        Self::from_bytes(bytes.as_slice())
    }

    /// The 32 bytes, for storage; wiped when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// The account's address with this human-readable prefix, such as `souk`.
    ///
    /// # Errors
    /// If the prefix is not valid in bech32.
    pub fn address(&self, prefix: &str) -> Result<String, KeyError> {
        self.public_key().address(prefix)
    }

    /// Signs the SHA-256 of `message`: r and s, 32 bytes each, s in the lower half, so that
    /// no second valid signature can be made from it.
    pub fn sign_arbitrary(&self, message: &[u8]) -> [u8; 64] {
        let signature: Signature = self.0.sign(message);
        signature.normalize_s().unwrap_or(signature).to_bytes().into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

impl PublicKey {
    /// From its 33 compressed (or 65 plain) bytes.
    ///
    /// # Errors
    /// If the bytes are not a key of secp256k1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        VerifyingKey::from_sec1_bytes(bytes).map(Self).map_err(|_| KeyError::NotAPublicKey)
    }

    /// The 33 compressed bytes.
    pub fn to_bytes(&self) -> [u8; 33] {
        let point = self.0.to_encoded_point(true);
        let mut bytes = [0; 33];
        bytes.copy_from_slice(point.as_bytes());
        bytes
    }

    /// RIPEMD-160 of SHA-256 of the compressed key, in bech32 with this prefix.
    ///
    /// # Errors
    /// If the prefix is not valid in bech32.
    pub fn address(&self, prefix: &str) -> Result<String, KeyError> {
        let digest = Ripemd160::digest(Sha256::digest(self.to_bytes()));
        let invalid = || KeyError::InvalidPrefix { prefix: prefix.to_owned() };
        let hrp = bech32::Hrp::parse(prefix).map_err(|_| invalid())?;
        bech32::encode::<bech32::Bech32>(hrp, &digest).map_err(|_| invalid())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ecdsa::signature::Verifier;
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_not_shown() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(redacted)");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let zero = "0".repeat(64);
        let above_the_order = "f".repeat(64);
        for text in ["", "abcd", "zz", zero.as_str(), above_the_order.as_str()] {
            assert!(matches!(SecretKey::from_hex(text), Err(KeyError::NotAKey)));
        }
    }

    #[test]
    fn a_prefix_that_bech32_cannot_hold_is_refused() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        for prefix in ["", "with space", "ünicode"] {
            assert!(matches!(key.address(prefix), Err(KeyError::InvalidPrefix { .. })));
        }
    }

    proptest! {
        #[test]
        fn a_signature_verifies_and_is_low_s(seed in 1u64.., message in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut bytes = [0; 32];
            bytes[24..].copy_from_slice(&seed.to_be_bytes());
            let key = SecretKey::from_bytes(&bytes).unwrap();
            let signature = Signature::from_slice(&key.sign_arbitrary(&message)).unwrap();
            prop_assert!(signature.normalize_s().is_none());
            prop_assert!(key.public_key().0.verify(&message, &signature).is_ok());
        }
    }
}
