//! A key under a passphrase: argon2id stretches it, XChaCha20-Poly1305 seals. The form is JSON
//! with a version; the public key is in the clear, and is authenticated.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::RngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::SecretKey;
use super::passphrase::Passphrase;

pub(super) const VERSION: u64 = 1;
const KIND: &str = "souk-key";
const ARGON2ID: &str = "argon2id";
const XCHACHA: &str = "xchacha20-poly1305";
/// A file that asks for more memory than this is refused, not obeyed.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 64;

/// How costly a guess of the passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl Default for KdfCost {
    /// 64 MiB and three passes: a fraction of a second.
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 3 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedKey {
    pub version: u64,
    pub kind: String,
    /// Compressed, hex: identifies the key without the passphrase.
    pub public_key: String,
    kdf: Kdf,
    cipher: Cipher,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    algorithm: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    algorithm: String,
    nonce: String,
    ciphertext: String,
}

/// Why a sealed key does not open.
#[derive(Debug)]
pub(super) enum OpenError {
    Form(String),
    Passphrase,
}

pub(super) fn seal(
    key: &SecretKey,
    passphrase: &Passphrase,
    cost: KdfCost,
) -> Result<SealedKey, String> {
    let mut salt = [0; 16];
    let mut nonce = [0; 24];
    OsRng.fill_bytes(&mut salt);
    OsRng.fill_bytes(&mut nonce);
    let kdf = Kdf {
        algorithm: ARGON2ID.to_owned(),
        memory_kib: cost.memory_kib,
        passes: cost.passes,
        lanes: 1,
        salt: hex::encode(salt),
    };
    let public_key = hex::encode(key.public_key().to_bytes());
    let secret = key.to_bytes();
    let payload = Payload { msg: secret.as_slice(), aad: &associated_data(&public_key) };
    let ciphertext = cipher(&kdf, passphrase)?
        .encrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|e| e.to_string())?;
    Ok(SealedKey {
        version: VERSION,
        kind: KIND.to_owned(),
        public_key,
        kdf,
        cipher: Cipher {
            algorithm: XCHACHA.to_owned(),
            nonce: hex::encode(nonce),
            ciphertext: hex::encode(ciphertext),
        },
    })
}

pub(super) fn open(sealed: &SealedKey, passphrase: &Passphrase) -> Result<SecretKey, OpenError> {
    let form = |reason: &str| OpenError::Form(reason.to_owned());
    if sealed.kind != KIND {
        return Err(form("its kind is not souk-key"));
    }
    if sealed.cipher.algorithm != XCHACHA {
        return Err(form("its cipher is not xchacha20-poly1305"));
    }
    let nonce = hex::decode(&sealed.cipher.nonce).map_err(|_| form("its nonce is not hex"))?;
    if nonce.len() != 24 {
        return Err(form("its nonce is not of 24 bytes"));
    }
    let ciphertext =
        hex::decode(&sealed.cipher.ciphertext).map_err(|_| form("its ciphertext is not hex"))?;
    let payload = Payload { msg: &ciphertext, aad: &associated_data(&sealed.public_key) };
    let opened = cipher(&sealed.kdf, passphrase)
        .map_err(OpenError::Form)?
        .decrypt(XNonce::from_slice(&nonce), payload)
        .map_err(|_| OpenError::Passphrase)?;
    let secret = Zeroizing::new(opened);
    let key = SecretKey::from_bytes(&secret).map_err(|e| OpenError::Form(e.to_string()))?;
    if hex::encode(key.public_key().to_bytes()) != sealed.public_key {
        return Err(form("its public key is another key's"));
    }
    Ok(key)
}

fn cipher(kdf: &Kdf, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, String> {
    if kdf.algorithm != ARGON2ID {
        return Err("its key derivation is not argon2id".to_owned());
    }
    if kdf.memory_kib > MAX_MEMORY_KIB || kdf.passes > MAX_PASSES {
        return Err(format!(
            "its key derivation asks for {} KiB and {} passes; at most {MAX_MEMORY_KIB} KiB and \
             {MAX_PASSES} passes are allowed",
            kdf.memory_kib, kdf.passes
        ));
    }
    let salt = hex::decode(&kdf.salt).map_err(|_| "its salt is not hex".to_owned())?;
    let params =
        Params::new(kdf.memory_kib, kdf.passes, kdf.lanes, Some(32)).map_err(|e| e.to_string())?;
    let mut key = Zeroizing::new([0u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt, key.as_mut_slice())
        .map_err(|e| e.to_string())?;
    Ok(XChaCha20Poly1305::new(Key::from_slice(key.as_slice())))
}

fn associated_data(public_key: &str) -> Vec<u8> {
    format!("{KIND}/{VERSION}/{public_key}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHEAP: KdfCost = KdfCost { memory_kib: 8, passes: 1 };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_sealed_key_opens_with_its_passphrase_alone(seed in 1u64.., right in ".{1,40}", wrong in ".{1,40}") {
            let mut bytes = [9; 32];
            bytes[24..].copy_from_slice(&seed.to_be_bytes());
            let key = SecretKey::from_bytes(&bytes).unwrap();
            let sealed = seal(&key, &Passphrase::new(right.clone()), CHEAP).unwrap();
            let json = serde_json::to_string(&sealed).unwrap();
            let read: SealedKey = serde_json::from_str(&json).unwrap();
            let opened = open(&read, &Passphrase::new(right.clone())).unwrap();
            prop_assert_eq!(opened.to_bytes(), key.to_bytes());
            if wrong != right {
                prop_assert!(matches!(open(&read, &Passphrase::new(wrong)), Err(OpenError::Passphrase)));
            }
        }
    }

    #[test]
    fn a_swapped_public_key_is_noticed() {
        let (one, other) = (SecretKey::generate(), SecretKey::generate());
        let passphrase = Passphrase::new("correct horse");
        let mut sealed = seal(&one, &passphrase, CHEAP).unwrap();
        sealed.public_key = hex::encode(other.public_key().to_bytes());
        assert!(matches!(open(&sealed, &passphrase), Err(OpenError::Passphrase)));
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        let passphrase = Passphrase::new("correct horse");
        let mut sealed = seal(&SecretKey::generate(), &passphrase, CHEAP).unwrap();
        sealed.kdf.memory_kib = u32::MAX;
        assert!(matches!(open(&sealed, &passphrase), Err(OpenError::Form(_))));
    }

    #[test]
    fn two_seals_of_one_key_differ() {
        let key = SecretKey::generate();
        let passphrase = Passphrase::new("correct horse");
        let sealed = || serde_json::to_string(&seal(&key, &passphrase, CHEAP).unwrap()).unwrap();
        assert_ne!(sealed(), sealed());
    }
}
