//! Notifications of changes: a counter for each topic, raised after each commit that touched it, and
//! the leases that a commit changed.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use souk_core::OrderId;
use tokio::sync::{Notify, watch};

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A new block's height and time.
    Cursor,
    /// Orders: opened, closed, details fetched, bids of others.
    Orders,
    /// Own leases: created, ended, their account's clock.
    Leases,
    /// A manifest was accepted.
    Manifests,
    /// Details are waiting to be fetched from the chain.
    Pending,
    /// Messages are waiting to be sent, or have their outcome.
    Outbox,
    /// Free capacity: reservations, or the cluster's nodes and pods.
    Capacity,
    /// The provider on the chain: its record, bond and attestations.
    Provider,
}

const TOPICS: usize = 8;

/// The sending side.
#[derive(Debug, Clone)]
pub(super) struct Notifier {
    counts: watch::Sender<[u64; TOPICS]>,
    leases: Arc<Mutex<Vec<Weak<ChangedLeases>>>>,
}

impl Default for Notifier {
    fn default() -> Self {
        Self { counts: watch::Sender::new([0; TOPICS]), leases: Arc::default() }
    }
}

impl Notifier {
    /// Publishes the leases that a commit changed.
    pub(super) fn publish(&self, changed: &BTreeSet<OrderId>) {
        if changed.is_empty() {
            return;
        }
        self.leases.lock().retain(|listener| {
            let Some(listener) = listener.upgrade() else { return false };
            listener.orders.lock().extend(changed);
            listener.notify.notify_one();
            true
        });
    }

    pub(super) fn listen_to_leases(&self) -> LeaseListener {
        let listener = Arc::new(ChangedLeases::default());
        self.leases.lock().push(Arc::downgrade(&listener));
        LeaseListener(listener)
    }

    pub(super) fn wake(&self, topics: &[Topic]) {
        if topics.is_empty() {
            return;
        }
        self.counts.send_modify(|counts| {
            for topic in topics {
                counts[*topic as usize] = counts[*topic as usize].wrapping_add(1);
            }
        });
    }

    pub(super) fn listen(&self, topics: &[Topic]) -> Listener {
        let counts = self.counts.subscribe();
        let seen = *counts.borrow();
        Listener { counts, seen, topics: topics.to_vec() }
    }
}

/// The leases that changed since they were last asked for, each once.
#[derive(Debug, Default)]
struct ChangedLeases {
    orders: Mutex<BTreeSet<OrderId>>,
    notify: Notify,
}

/// Waits for commits that change leases.
#[derive(Debug)]
pub struct LeaseListener(Arc<ChangedLeases>);

impl LeaseListener {
    /// Returns the leases that commits changed since the last call, once there are any. Cancel safe.
    pub async fn changed(&mut self) -> BTreeSet<OrderId> {
        loop {
            let changed = std::mem::take(&mut *self.0.orders.lock());
            if !changed.is_empty() {
                return changed;
            }
            self.0.notify.notified().await;
        }
    }
}

/// Waits for changes of some topics.
#[derive(Debug)]
pub struct Listener {
    counts: watch::Receiver<[u64; TOPICS]>,
    seen: [u64; TOPICS],
    topics: Vec<Topic>,
}

impl Listener {
    /// Returns when one of the topics changed since the last call; never after the store is dropped.
    /// Cancel safe.
    pub async fn changed(&mut self) {
        loop {
            let now = *self.counts.borrow_and_update();
            let changed = self.topics.iter().any(|t| now[*t as usize] != self.seen[*t as usize]);
            if changed {
                self.seen = now;
                return;
            }
            if self.counts.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
