//! The errors of `backup` and `restore`.

use std::path::PathBuf;

use crate::{config::ConfigError, store::StoreError};

/// A copy could not be made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no store to copy.
    #[error("there is no store at {0} to copy; start the agent once with `souk-provider run`")]
    NoStore(PathBuf),
    /// The passphrase is too short to keep keys.
    #[error("the passphrase has {0} characters; 12 at least keep a key")]
    ShortPassphrase(usize),
    /// A file that is there already.
    #[error("{0} is there already and is not overwritten; move it away, or choose another place")]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another passphrase sealed it.
    #[error("{0} was sealed with another passphrase")]
    WrongPassphrase(PathBuf),
    /// It is damaged, or not a copy.
    #[error("{path} is not a copy made by `souk-provider backup`, or it is damaged: {problem}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A newer program made it.
    #[error("the copy has format {found}, this program reads {known}; use the newer souk-provider")]
    Newer {
        /// Its format.
        found: u32,
        /// The format of this program.
        known: u32,
    },
    /// It is another provider's, or of another market.
    #[error(
        "the copy is of {what} {found}, the configuration {config} names {wanted}; use the copy of this provider and market, or another configuration"
    )]
    Other {
        /// What differs.
        what: &'static str,
        /// The copy's.
        found: String,
        /// The configuration's.
        wanted: String,
        /// The configuration.
        config: PathBuf,
    },
}

impl BackupError {
    /// A failure of a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
