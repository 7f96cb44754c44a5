//! What can be wrong with a key, its file or its passphrase.

use std::path::PathBuf;

/// Why a key cannot be made, read or written. No variant holds any part of a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a secret key.
    #[error("this is not a secp256k1 secret key: 64 hexadecimal digits are expected")]
    NotAKey,
    /// Not a public key.
    #[error("this is not a secp256k1 public key of 33 bytes")]
    NotAPublicKey,
    /// Not an address prefix.
    #[error("{prefix:?} cannot be an address prefix; use lower-case letters, such as souk")]
    InvalidPrefix {
        /// As given.
        prefix: String,
    },
    /// Not a mnemonic.
    #[error("this is not a BIP-39 mnemonic: {reason}")]
    InvalidMnemonic {
        /// What is wrong with it; never its words.
        reason: String,
    },
    /// Others on this machine could read the key.
    #[error(
        "key file {} can be read by others (mode {mode:04o}); run: chmod 600 {}",
        path.display(), path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not exist.
    #[error("the key file {} does not exist; make one, or name another", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// A key must not be overwritten.
    #[error("key file {} exists already and is not overwritten; name another", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is encrypted.
    #[error("key file {} is encrypted; give its passphrase", path.display())]
    NeedsPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty; choose one, or keep the key in a plain file of mode 0600")]
    EmptyPassphrase,
    /// The passphrase does not open the file, or the file was changed.
    #[error("key file {}: the passphrase is wrong, or the file is damaged", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The file is neither an encrypted key nor a plain one.
    #[error("key file {} is not understood: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is of a newer form.
    #[error("key file {} is of version {version}; this program knows version 1", path.display())]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// The environment has no such credential.
    #[error("environment variable {variable} is not set; put the key's hex or mnemonic there")]
    NotInEnvironment {
        /// Its name.
        variable: String,
    },
    /// The environment's credential is not a key.
    #[error("environment variable {variable} holds neither 64 hexadecimal digits nor a mnemonic")]
    NotAKeyInEnvironment {
        /// Its name.
        variable: String,
    },
    /// The key could not be encrypted.
    #[error("the key cannot be encrypted: {reason}")]
    Encryption {
        /// What failed.
        reason: String,
    },
}
