//! The leases of the store, in memory: what decides what there is to do, and no manifest. Commits of
//! the store keep it up to date.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;
use souk_core::OrderId;

use crate::store::{LeaseSummary, Store, StoreError, lease_summaries};

/// The leases of the store. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct LeaseIndex(Arc<RwLock<HashMap<OrderId, LeaseSummary>>>);

impl LeaseIndex {
    /// One lease, if the store has it.
    pub fn get(&self, order: OrderId) -> Option<LeaseSummary> {
        self.0.read().get(&order).cloned()
    }

    /// All leases.
    pub fn orders(&self) -> Vec<OrderId> {
        self.0.read().keys().copied().collect()
    }

    /// Reads all leases from the store.
    ///
    /// # Errors
    ///
    /// If the store fails; the index then stays as it was.
    pub async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let all = store.read(lease_summaries::all).await?;
        *self.0.write() = all.into_iter().map(|lease| (lease.order, lease)).collect();
        Ok(())
    }

    /// Reads some leases from the store again, and returns those that it has or had: the others are
    /// orders that never became leases.
    ///
    /// # Errors
    ///
    /// If the store fails; the index then stays as it was.
    pub async fn reload(
        &self,
        store: &Store,
        orders: &BTreeSet<OrderId>,
    ) -> Result<BTreeSet<OrderId>, StoreError> {
        let asked = orders.clone();
        let found: Vec<_> = store
            .read(move |sql| {
                let read = |order| Ok((order, lease_summaries::get(sql, order)?));
                asked.into_iter().map(read).collect::<Result<_, StoreError>>()
            })
            .await?;
        let mut all = self.0.write();
        let mut known = BTreeSet::new();
        for (order, lease) in found {
            let is_there = lease.is_some();
            let before = match lease {
                Some(lease) => all.insert(order, lease),
                None => all.remove(&order),
            };
            if is_there || before.is_some() {
                known.insert(order);
            }
        }
        Ok(known)
    }
}
