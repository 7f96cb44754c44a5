//! Which leases may have a task, kept up to date by what commits change.

use std::collections::{BTreeMap, BTreeSet};

use souk_core::OrderId;

use crate::{
    model::{
        Lease,
        upkeep::{UpkeepInput, WatchedLeases},
    },
    store::{KeyListener, Store, StoreError, leases, manifests},
};

/// Leases that are read at once at the start.
const PAGE: u32 = 500;

/// A lease of the store, if it has it, and whether it has its manifest.
type Row = (OrderId, Option<Lease>, bool);

/// Which leases may have a task.
pub(super) struct Leases {
    watched: WatchedLeases,
    changed: KeyListener,
    /// Seconds.
    withdraw_every: u64,
}

impl Leases {
    /// Reads all leases.
    pub async fn load(store: &Store, withdraw_every: u64) -> Result<Self, StoreError> {
        let changed = store.listen_to_leases();
        let mut leases = Self { watched: WatchedLeases::default(), changed, withdraw_every };
        let mut after = None;
        loop {
            let page = store.read(move |sql| page(sql, after)).await?;
            let Some((last, ..)) = page.last() else { return Ok(leases) };
            after = Some(*last);
            leases.set(page);
        }
    }

    /// Reads those again that commits changed.
    pub async fn reload(&mut self, store: &Store) -> Result<(), StoreError> {
        let changed = self.changed.take();
        if changed.is_empty() {
            return Ok(());
        }
        let rows = move |sql: &rusqlite::Connection| {
            let row = |order| Ok((order, leases::get(sql, order)?, manifests::exists(sql, order)?));
            changed.into_iter().map(row).collect::<Result<Vec<Row>, StoreError>>()
        };
        self.set(store.read(rows).await?);
        Ok(())
    }

    /// Takes in what was read of leases. Withdrawals are not published: they are nobody else's matter.
    pub fn looked_at(&mut self, watched: &BTreeSet<OrderId>, read: &UpkeepInput) {
        let leases: BTreeMap<_, _> = read.leases.iter().map(|lease| (lease.order, lease)).collect();
        let row = |order: &OrderId| {
            let lease = leases.get(order).copied().cloned();
            (*order, lease, read.with_manifest.contains(order))
        };
        self.set(watched.iter().map(row));
    }

    /// The leases that may have a task at a block time.
    pub fn at(&self, now: u64) -> BTreeSet<OrderId> {
        self.watched.at(now)
    }

    fn set(&mut self, rows: impl IntoIterator<Item = Row>) {
        for (order, lease, has_manifest) in rows {
            self.watched.set(order, lease.as_ref(), has_manifest, self.withdraw_every);
        }
    }
}

fn page(sql: &rusqlite::Connection, after: Option<OrderId>) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for lease in leases::after(sql, after, PAGE)? {
        let has_manifest = manifests::exists(sql, lease.order)?;
        rows.push((lease.order, Some(lease), has_manifest));
    }
    Ok(rows)
}
