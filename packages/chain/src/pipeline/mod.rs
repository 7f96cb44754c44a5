//! The transaction pipeline: one actor owns a key and sends what is in a durable outbox, each
//! item at most once.
//!
//! # What is stored, and why
//! - An item (its messages under a `dedup_key` that is used once and for all) is enqueued in the
//!   SQLite transaction that also holds the caller's state change, so that neither is without
//!   the other.
//! - An attempt (signed bytes, hash, sequence, timeout height) is stored before the bytes are
//!   handed to any node, so that after a restart the same bytes are broadcast again, and not a
//!   second transaction.
//!
//! # When is it safe to sign anew
//! A chain executes one transaction for each sequence. An attempt is given up only when the
//! account's sequence, read at a known height, proves that it was not executed and never will
//! be: its timeout height has passed with its sequence unused, or its sequence was used by a
//! transaction that is not it (every block in which it could be was read). An attempt that the
//! very first node refused, so that nobody holds it, is given up at once. [`decide`] holds this
//! rule.
//!
//! Batches: many items go in one transaction, in the order of their enqueueing. A batch that
//! fails is narrowed until the failing message is the first; that item is then failed with the
//! chain's reason and the others go on. [`verdict`] holds that rule.

mod actor;
mod batch;
pub mod decide;
mod handle;
mod lock;
pub(crate) mod observe;
mod outbox;
mod schema;
mod send;
mod status;
mod store;
#[cfg(test)]
mod stored;
pub mod verdict;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use crate::TxHash;
use crate::keys::{KeyError, SecretKey};
use crate::rpc::Client;
use crate::tx::GasConfig;

pub use actor::Pipeline;
pub use handle::PipelineHandle;
pub use outbox::{Enqueued, Failure, FailureKind, ItemState, Outbox, OutboxItem, OutcomeRecord};
pub use status::PipelineStatus;

use lock::Lock;
use store::SharedStore;

/// The points at which tests stop the process, in the order in which an item passes them.
pub const FAILPOINTS: &[&str] = &[
    "outbox::after_enqueue",
    "outbox::after_commit",
    "outbox::after_simulate",
    "outbox::after_sign",
    "outbox::after_store",
    "outbox::after_broadcast",
    "outbox::after_inclusion",
    "outbox::after_record",
];

/// How the pipeline goes about it.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Human-readable prefix of the chain's addresses.
    pub prefix: String,
    /// Gas and fees.
    pub gas: GasConfig,
    /// Memo of every transaction.
    pub memo: String,
    /// Most items in one transaction.
    pub max_batch: usize,
    /// Most bytes of messages in one transaction.
    pub max_batch_bytes: usize,
    /// A transaction may be included in this many blocks after it was signed.
    pub timeout_blocks: u64,
    /// The same bytes are broadcast again when they were not included for this many blocks.
    pub rebroadcast_blocks: u64,
    /// How often the chain is looked at while a transaction is under way.
    pub poll: Duration,
    /// First wait after trouble; doubles up to `max_backoff`.
    pub first_backoff: Duration,
    /// Longest wait after trouble.
    pub max_backoff: Duration,
    /// How often in a row a transaction that ran out of gas is given more.
    pub max_gas_raises: u32,
}

impl PipelineConfig {
    /// Sensible values for a chain with blocks of a few seconds.
    pub fn new(prefix: impl Into<String>, gas: GasConfig) -> Self {
        Self {
            prefix: prefix.into(),
            gas,
            memo: String::new(),
            max_batch: 20,
            max_batch_bytes: 256 << 10,
            timeout_blocks: 20,
            rebroadcast_blocks: 3,
            poll: Duration::from_secs(1),
            first_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_gas_raises: 3,
        }
    }
}

/// What ends the pipeline, or keeps it from starting. Trouble with the chain does not: that is
/// waited out and shown in [`PipelineStatus`].
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

/// What the actor and its handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    store: SharedStore,
    wake: Notify,
    /// Counts durable changes of items.
    changes: watch::Sender<u64>,
    /// The transaction that is under way.
    in_flight: watch::Sender<Option<TxHash>>,
    status: watch::Sender<PipelineStatus>,
}

impl Pipeline {
    /// Opens the outbox in the database at `path` (made if it is not there) for this key and
    /// chain. Nothing happens before [`Pipeline::run`].
    pub fn open(
        config: PipelineConfig,
        client: Client,
        key: SecretKey,
        path: &Path,
    ) -> Result<Self, PipelineError> {
        let address = key.address(&config.prefix)?;
        let lock = Lock::take(path)?;
        let store = SharedStore::open(path)?;
        store.claim(client.chain_id(), &address)?;
        let (found, inclusions) = mpsc::unbounded_channel();
        let status = PipelineStatus::new(address.clone(), config.gas.price.clone());
        let shared = Arc::new(Shared {
            store,
            wake: Notify::new(),
            changes: watch::Sender::new(0),
            in_flight: watch::Sender::new(None),
            status: watch::Sender::new(status),
        });
        Ok(Self::assemble(config, client, key, address, shared, (found, inclusions), lock))
    }
}
