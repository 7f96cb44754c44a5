//! Notifications of changes: a counter for each topic, raised after each commit that touched it, and
//! the leases and the orders that a commit changed.

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
    /// The provider on the chain: its record and bond; the orderbook's parameters.
    Provider,
    /// What auditors attest of the provider.
    Attestations,
    /// Signed quotes and what they reserve.
    Quotes,
}

const TOPICS: usize = 10;

/// The sending side.
#[derive(Debug, Clone)]
pub(super) struct Notifier {
    counts: watch::Sender<[u64; TOPICS]>,
    leases: Listeners,
    orders: Listeners,
}

type Listeners = Arc<Mutex<Vec<Weak<Changed>>>>;

impl Default for Notifier {
    fn default() -> Self {
        Self {
            counts: watch::Sender::new([0; TOPICS]),
            leases: Arc::default(),
            orders: Arc::default(),
        }
    }
}

impl Notifier {
    /// Publishes the leases and the orders that a commit changed.
    pub(super) fn publish(&self, leases: &BTreeSet<OrderId>, orders: &BTreeSet<OrderId>) {
        publish(&self.leases, leases);
        publish(&self.orders, orders);
    }

    pub(super) fn listen_to_leases(&self) -> KeyListener {
        listen(&self.leases)
    }

    pub(super) fn listen_to_orders(&self) -> KeyListener {
        listen(&self.orders)
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

fn publish(listeners: &Listeners, changed: &BTreeSet<OrderId>) {
    if changed.is_empty() {
        return;
    }
    listeners.lock().retain(|listener| {
        let Some(listener) = listener.upgrade() else { return false };
        listener.orders.lock().extend(changed);
        listener.notify.notify_one();
        true
    });
}

fn listen(listeners: &Listeners) -> KeyListener {
    let listener = Arc::new(Changed::default());
    listeners.lock().push(Arc::downgrade(&listener));
    KeyListener(listener)
}

/// What changed since it was last asked for, each once.
#[derive(Debug, Default)]
struct Changed {
    orders: Mutex<BTreeSet<OrderId>>,
    notify: Notify,
}

/// Waits for commits that change leases, or orders.
#[derive(Debug)]
pub struct KeyListener(Arc<Changed>);

impl KeyListener {
    /// Returns those that commits changed since the last call, without waiting.
    pub fn take(&mut self) -> BTreeSet<OrderId> {
        std::mem::take(&mut *self.0.orders.lock())
    }

    /// Returns those that commits changed since the last call, once there are any. Cancel safe.
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
