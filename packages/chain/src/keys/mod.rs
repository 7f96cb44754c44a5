//! Secp256k1 keys: made, derived, kept in files, and used to sign. Secrets are wiped when
//! dropped and never shown.

mod error;
mod file;
mod key;
mod mnemonic;
mod passphrase;
mod seal;
mod source;

pub use error::KeyError;
pub use file::{read_key_file, write_encrypted_key_file, write_plain_key_file};
pub use key::{PublicKey, SecretKey};
pub use mnemonic::{Mnemonic, WordCount};
pub use passphrase::Passphrase;
pub use seal::KdfCost;
pub use source::KeySource;
