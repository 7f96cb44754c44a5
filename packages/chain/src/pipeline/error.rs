//! What ends a pipeline.

use crate::keys::KeyError;

/// What ends the pipeline, or keeps it from starting. Errors of the chain do not: they are waited
/// out and shown in [`super::PipelineStatus`].
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The outbox cannot be read or written.
    #[error("outbox: {0}")]
    Store(#[from] rusqlite::Error),
    /// The outbox is another key's, or for another chain.
    #[error(
        "the outbox in this database belongs to {stored_address} on chain {stored_chain_id}, \
         not to {address} on {chain_id}; use that key and chain, or another database"
    )]
    OtherIdentity {
        /// Whose it is.
        stored_address: String,
        /// Which chain it is for.
        stored_chain_id: String,
        /// The key's address.
        address: String,
        /// The configured chain.
        chain_id: String,
    },
    /// Another process (or another part of this one) runs the pipeline of this database.
    #[error("another process runs the outbox of {}; stop it first", path.display())]
    AlreadyRunning {
        /// The database.
        path: std::path::PathBuf,
    },
    /// The lock beside the database cannot be taken.
    #[error("cannot lock the outbox of {}: {source}", path.display())]
    Lock {
        /// The database.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key has no address with the configured prefix.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Stored messages cannot be read back.
    #[error("outbox item {dedup_key:?} is damaged: {reason}")]
    Damaged {
        /// Its key.
        dedup_key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A task of the pipeline was stopped from outside.
    #[error("a task of the pipeline was stopped: {reason}")]
    Stopped {
        /// By what.
        reason: String,
    },
}
