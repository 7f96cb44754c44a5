//! Opening a pipeline: its lock, its outbox, whose they are.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};

use super::actor::{Memory, Pipeline};
use super::config::PipelineConfig;
use super::error::PipelineError;
use super::lock::DatabaseLock;
use super::shared::Shared;
use super::status::PipelineStatus;
use super::store::SharedStore;
use crate::keys::SecretKey;
use crate::rpc::Client;

impl Pipeline {
    /// Opens the outbox in the database at `path` (made if it is not there) for this key and
    /// chain. Nothing happens before [`Pipeline::run`].
    ///
    /// # Errors
    /// If the database cannot be used, belongs to another key or chain, or another pipeline runs it; if
    /// the key has no address with the prefix.
    pub fn open(
        config: PipelineConfig,
        client: Client,
        key: SecretKey,
        path: &Path,
    ) -> Result<Self, PipelineError> {
        let address = key.address(&config.prefix)?;
        let lock = DatabaseLock::take(path)?;
        let store = SharedStore::open(path)?;
        store.claim(client.chain_id(), &address)?;
        let (found_sender, found) = mpsc::unbounded_channel();
        let status = PipelineStatus::new(address.clone(), config.gas.price.clone());
        let shared = Arc::new(Shared {
            store,
            wake: Notify::new(),
            changes: watch::Sender::new(0),
            in_flight: watch::Sender::new(None),
            held: watch::Sender::new(None),
            status: watch::Sender::new(status),
        });
        let memory = Memory::new(config.gas.price.clone());
        Ok(Self { config, client, key, address, shared, found_sender, found, memory, lock })
    }

    /// The lock of its database. A clone keeps others from it also after the pipeline ended.
    pub fn lock(&self) -> DatabaseLock {
        self.lock.clone()
    }
}
