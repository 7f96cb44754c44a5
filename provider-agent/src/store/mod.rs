//! The agent's store: one SQLite file. Changes notify the tasks that listen to their [`Topic`], and
//! each commit publishes the leases that it changed.
//!
//! One thread writes and some read beside it, each with a connection on which it runs closures.
//! [`Store::write`] is one transaction: all of it is on disk when the call returns
//! (`synchronous=FULL`), or nothing is; [`Store::read`] sees one state, with all that was written
//! before it was called. The functions of the modules below take the connection or the transaction,
//! so several can be combined in one; [`Store`] has the most used ones as methods.

pub mod applied;
pub mod bids;
pub mod copies;
pub mod copy_files;
pub mod cursor;
pub mod decisions;
pub mod deployments;
pub mod digest_key;
mod error;
pub mod hostnames;
pub mod kept_volumes;
pub mod lease_summaries;
pub mod leases;
pub mod manifests;
pub mod market;
pub mod marks;
mod notify;
pub mod orders;
pub mod pending;
pub mod quote_key;
pub mod quotes;
pub mod reclaims;
pub mod reservations;
mod schema;
pub mod seen;
mod sql;
pub mod taken_up;
mod thread;
pub mod unreadable;

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use souk_core::OrderId;

use crate::model::{Cursor, Lease, MarketId, Order, placement::Reservation};

pub use applied::{AppliedObject, AppliedRow};
pub use decisions::{DecisionRow, Verdict};
pub use deployments::DeploymentRow;
pub use error::StoreError;
pub use hostnames::HostnameTaken;
pub use lease_summaries::{KeepsVolumes, LeaseSummary};
pub use manifests::ManifestRow;
pub use notify::{KeyListener, Listener, Topic};
pub use pending::{Pending, PendingRow};
pub use thread::Tx;

/// The store. Cheap to clone; all clones share its threads.
#[derive(Debug, Clone)]
pub struct Store {
    worker: Arc<thread::Worker>,
    notifier: notify::Notifier,
}

impl Store {
    /// Opens the file, creates it with mode 0600, and migrates its tables to this program's version.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, is of a newer version, or may be read by others: it holds
    /// manifests.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let notifier = notify::Notifier::default();
        let worker = thread::Worker::open(path, notifier.clone())?;
        Ok(Self { worker: Arc::new(worker), notifier })
    }

    /// Binds the store to a market.
    ///
    /// # Errors
    ///
    /// If it has read blocks of another market, or the store fails.
    pub async fn bind_market(&self, market: MarketId) -> Result<(), StoreError> {
        let known = self.read(market::get).await?;
        if known.as_ref() == Some(&market) {
            return Ok(());
        }
        self.write(move |tx| market::bind(tx, &market)).await
    }

    /// Runs `work` beside the thread that writes, in one transaction that cannot write.
    ///
    /// # Errors
    ///
    /// Those of `work`, or if the store is stopped.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.worker.read(work).await
    }

    /// Runs `work` in one transaction. If it succeeds the transaction is committed and the listeners
    /// of its topics are notified; if it fails it is rolled back.
    ///
    /// # Errors
    ///
    /// Those of `work`, or if the store fails.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.worker.write(work).await
    }

    /// For how long the present write goes on; none if nothing is written.
    pub fn writing_for(&self) -> Option<std::time::Duration> {
        self.worker.writing_for()
    }

    /// A listener that is notified of changes of any of `topics` from now on. Notifications are hints:
    /// a listener reads the store when notified, and at times without.
    pub fn listen(&self, topics: &[Topic]) -> Listener {
        self.notifier.listen(topics)
    }

    /// A listener that gets the leases that commits change from now on: the lease itself, its
    /// account's clock, its manifest, host names, reservation, or its order's details.
    pub fn listen_to_leases(&self) -> KeyListener {
        self.notifier.listen_to_leases()
    }

    /// A listener that gets the orders that commits change from now on: the order itself, the own bid on
    /// it, its reservation, or whether it is an own lease.
    pub fn listen_to_orders(&self) -> KeyListener {
        self.notifier.listen_to_orders()
    }

    /// Notifies the listeners of a topic without a change in the store.
    pub fn wake(&self, topic: Topic) {
        self.notifier.wake(&[topic]);
    }

    /// The follower's cursor; none before its first block.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        self.read(cursor::get).await
    }

    /// Height of the last block in the store.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn height(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.cursor().await?.map(|cursor| cursor.height))
    }

    /// Time of the last block in the store, in seconds. Leases and their depletion follow this time,
    /// never wall time.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn block_time(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.cursor().await?.map(|cursor| cursor.time))
    }

    /// Own active leases, by number; paid or not.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn active_leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.read(leases::active).await
    }

    /// One own lease, also an ended one until it is deleted.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn lease(&self, order: OrderId) -> Result<Option<Lease>, StoreError> {
        self.read(move |sql| leases::get(sql, order)).await
    }

    /// The manifest that was accepted for a lease.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn manifest(&self, order: OrderId) -> Result<Option<ManifestRow>, StoreError> {
        self.read(move |sql| manifests::get(sql, order)).await
    }

    /// A deployment: its tenant and what its manifest must hash to.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn deployment(
        &self,
        id: souk_core::DeploymentId,
    ) -> Result<Option<DeploymentRow>, StoreError> {
        self.read(move |sql| deployments::get(sql, id)).await
    }

    /// An order, with its group if that is fetched.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn order(&self, order: OrderId) -> Result<Option<Order>, StoreError> {
        self.read(move |sql| orders::get(sql, order)).await
    }

    /// Where the replicas of an order are placed.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn reservation(&self, order: OrderId) -> Result<Option<Reservation>, StoreError> {
        self.read(move |sql| reservations::get(sql, order)).await
    }

    /// The latest decision on an order, with its reason.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn decision(&self, order: OrderId) -> Result<Option<DecisionRow>, StoreError> {
        self.read(move |sql| decisions::get(sql, order)).await
    }
}

#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;
