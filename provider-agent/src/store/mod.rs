//! The agent's memory: one SQLite file that every part reads and writes, and by whose changes
//! they wake each other.
//!
//! One thread owns the connection; work reaches it as closures. What belongs together happens
//! in one [`Store::write`], which is one transaction: all of it is on disk when the call
//! returns (`synchronous=FULL`), or nothing is. The typed functions of the modules below take
//! the connection or the transaction, so they can be put together at will; [`Store`] has the
//! ones that other parts need most as methods of its own.

pub mod bids;
pub mod cursor;
pub mod decisions;
pub mod deployments;
mod error;
pub mod hostnames;
pub mod leases;
pub mod manifests;
pub mod market;
pub mod marks;
pub mod orders;
pub mod pending;
pub mod reservations;
mod schema;
mod sql;
mod thread;
pub mod unread;
mod wake;

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use souk_core::OrderId;

pub use bids::{BidProgress, BidRow};
pub use cursor::Cursor;
pub use decisions::{DecisionRow, Verdict};
pub use deployments::DeploymentRow;
pub use error::StoreError;
pub use hostnames::TakenBy;
pub use leases::{AccountClock, LeaseRow};
pub use manifests::ManifestRow;
pub use market::MarketRow;
pub use marks::MarkRow;
pub use orders::{OrderDetail, OrderRow};
pub use pending::{Pending, PendingRow};
pub use reservations::ReservationRow;
pub use thread::Tx;
pub use wake::{Listener, Topic};

/// The store. Cheap to clone; all clones share one connection.
#[derive(Debug, Clone)]
pub struct Store {
    worker: Arc<thread::Worker>,
    wakes: wake::Wakes,
}

impl Store {
    /// Opens the file, creates it readable for its owner alone, and brings its tables to this
    /// program's version. A file that others may read is refused, for it holds manifests.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wakes = wake::Wakes::default();
        let worker = thread::Worker::open(path, wakes.clone())?;
        Ok(Self { worker: Arc::new(worker), wakes })
    }

    /// Settles which market the store is of, or refuses a store of another one.
    pub async fn settle_market(&self, market: MarketRow) -> Result<(), StoreError> {
        let known = self.read(market::get).await?;
        if known.as_ref() == Some(&market) {
            return Ok(());
        }
        self.write(move |tx| market::settle(tx, &market)).await
    }

    /// Runs `work` on the store's thread, for reading.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.worker.read(work).await
    }

    /// Runs `work` in one transaction. Committed if it succeeds, and then those are woken who
    /// listen to the topics it touched; rolled back if it fails.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.worker.write(work).await
    }

    /// Wakes at changes of any of `topics` from now on. A hint, never the truth: a listener
    /// looks at the store when woken, and now and then without being woken.
    pub fn listen(&self, topics: &[Topic]) -> Listener {
        self.wakes.listen(topics)
    }

    /// Wakes the listeners of a topic without a change in the store.
    pub fn wake(&self, topic: Topic) {
        self.wakes.wake(&[topic]);
    }

    /// Where the follower stands; nothing before its first block.
    pub async fn cursor(&self) -> Result<Option<Cursor>, StoreError> {
        self.read(cursor::get).await
    }

    /// Height of the last block that the store knows.
    pub async fn height(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.cursor().await?.map(|cursor| cursor.height))
    }

    /// Time of the last block that the store knows, in seconds. Leases and their depletion
    /// follow this time and never the wall's.
    pub async fn block_time(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.cursor().await?.map(|cursor| cursor.time))
    }

    /// Own leases that run or wait for money, by number.
    pub async fn active_leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        self.read(leases::active).await
    }

    /// One own lease, ended ones too until they are forgotten.
    pub async fn lease(&self, order: OrderId) -> Result<Option<LeaseRow>, StoreError> {
        self.read(move |sql| leases::get(sql, order)).await
    }

    /// The manifest that was accepted for a lease.
    pub async fn manifest(&self, order: OrderId) -> Result<Option<ManifestRow>, StoreError> {
        self.read(move |sql| manifests::get(sql, order)).await
    }

    /// A deployment, if the store knows it: its owner and what its manifest must hash to.
    pub async fn deployment(
        &self,
        id: souk_core::DeploymentId,
    ) -> Result<Option<DeploymentRow>, StoreError> {
        self.read(move |sql| deployments::get(sql, id)).await
    }

    /// What the orderbook says of an order, its group's spec included.
    pub async fn order(&self, order: OrderId) -> Result<Option<OrderRow>, StoreError> {
        self.read(move |sql| orders::get(sql, order)).await
    }

    /// Where the replicas of an order are placed.
    pub async fn reservation(&self, order: OrderId) -> Result<Option<ReservationRow>, StoreError> {
        self.read(move |sql| reservations::get(sql, order)).await
    }

    /// The latest decision on an order, with its reason.
    pub async fn decision(&self, order: OrderId) -> Result<Option<DecisionRow>, StoreError> {
        self.read(move |sql| decisions::get(sql, order)).await
    }
}

#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;
