//! The key that signs quotes: `quote.key` beside the store, 64 hexadecimal digits.

use std::path::Path;

use ed25519_zebra::SigningKey;

/// The key, if there is one.
pub(super) fn load(store: &Path) -> Option<SigningKey> {
    let text = std::fs::read_to_string(store.with_file_name("quote.key")).ok()?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed).ok()?;
    Some(SigningKey::from(seed))
}
