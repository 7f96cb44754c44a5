//! What the cluster has left for new orders, and which GPUs fail: counted once after each change, for all
//! who show it.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use souk_core::OrderId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    model::{
        interfaces::CapacitySource,
        placement::{GpuFault, Limits, Requests, Reservation, gpu_faults},
        quoting::OpenQuotes,
    },
    store::{KeyListener, Listener, Store, StoreError, Topic, kept_volumes, quotes, reservations},
};

/// The least time between two counts: pods change often.
const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// What was counted last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapacityState {
    /// What new orders can ask for in all, beside pods and reservations; nothing while that is not known.
    pub offered: Requests,
    /// Bytes of persistent storage that new orders can ask for, by the market's class, of classes with a
    /// limit.
    pub storage: BTreeMap<String, u64>,
    /// The nodes whose GPUs fail, or are not what leases hold.
    pub faults: Vec<GpuFault>,
}

/// Counts until stopped.
pub struct Counter<C> {
    /// The nodes and pods.
    pub cluster: C,
    /// The store, with the reservations.
    pub store: Store,
    /// What the configuration sets.
    pub limits: Limits,
    /// Where the counts are published.
    pub state: watch::Sender<CapacityState>,
}

impl<C: CapacitySource> Counter<C> {
    /// Counts until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let orders = self.store.listen_to_orders();
        let capacity = self.store.listen(&[Topic::Capacity, Topic::Quotes]);
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            result = self.count(orders, capacity) => result,
        }
    }

    async fn count(
        &self,
        mut orders: KeyListener,
        mut capacity: Listener,
    ) -> Result<(), StoreError> {
        let all = self.store.read(reservations::all).await?.into_iter();
        let mut reserved: HashMap<OrderId, Reservation> = all.map(|row| (row.order, row)).collect();
        loop {
            let quoted = OpenQuotes::new(self.store.read(quotes::all).await?);
            let kept = self.store.read(kept_volumes::all).await?;
            let limits = self.limits.clone().without_kept(&kept);
            let counted = match self.cluster.snapshot() {
                Ok(cluster) => {
                    let quoted = quoted.reserved(|order| reserved.contains_key(&order));
                    let left = cluster.left(reserved.values().chain(quoted), &limits);
                    let storage = left.persistent.iter();
                    CapacityState {
                        offered: left.offered(),
                        storage: storage
                            .filter_map(|(c, left)| Some((c.clone(), (*left)?)))
                            .collect(),
                        faults: gpu_faults(&cluster, reserved.values()),
                    }
                }
                Err(_) => CapacityState::default(),
            };
            self.state.send_if_modified(|state| {
                let changed = *state != counted;
                *state = counted;
                changed
            });
            tokio::time::sleep(MIN_INTERVAL).await;
            let changed = tokio::select! {
                () = capacity.changed() => orders.take(),
                changed = orders.changed() => changed,
            };
            let read = move |sql: &rusqlite::Connection| {
                let row = |order| Ok((order, reservations::get(sql, order)?));
                changed.into_iter().map(row).collect::<Result<Vec<_>, StoreError>>()
            };
            for (order, row) in self.store.read(read).await? {
                match row {
                    Some(row) => drop(reserved.insert(order, row)),
                    None => drop(reserved.remove(&order)),
                }
            }
        }
    }
}
