//! Notifications of changes: a counter for each topic, raised after each commit that touched it.

use tokio::sync::watch;

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

/// The counters' sending side.
#[derive(Debug, Clone)]
pub(super) struct Notifier(watch::Sender<[u64; TOPICS]>);

impl Default for Notifier {
    fn default() -> Self {
        Self(watch::Sender::new([0; TOPICS]))
    }
}

impl Notifier {
    pub(super) fn wake(&self, topics: &[Topic]) {
        if topics.is_empty() {
            return;
        }
        self.0.send_modify(|counts| {
            for topic in topics {
                counts[*topic as usize] = counts[*topic as usize].wrapping_add(1);
            }
        });
    }

    pub(super) fn listen(&self, topics: &[Topic]) -> Listener {
        let counts = self.0.subscribe();
        let seen = *counts.borrow();
        Listener { counts, seen, topics: topics.to_vec() }
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
