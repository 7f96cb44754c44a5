//! Who wakes whom: a counter for each topic, raised after each commit that touched it.

use tokio::sync::watch;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A new block's height and time.
    Cursor,
    /// Orders: opened, closed, details known, bids of others.
    Orders,
    /// Own leases: won, ended, their account's clock.
    Leases,
    /// A manifest was accepted.
    Manifests,
    /// Details are waiting to be fetched from the chain.
    Pending,
    /// Messages are waiting to be sent, or came to an end.
    Outbox,
    /// Capacity: reservations or the cluster's nodes and pods.
    Capacity,
    /// What the chain says of the provider: its record, its bond, its attestations.
    Facts,
}

const TOPICS: usize = 8;

/// The counters' sending side.
#[derive(Debug, Clone)]
pub(super) struct Wakes(watch::Sender<[u64; TOPICS]>);

impl Default for Wakes {
    fn default() -> Self {
        Self(watch::Sender::new([0; TOPICS]))
    }
}

impl Wakes {
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
    /// Returns when one of the topics changed since the last call; never, once the store is
    /// gone. Safe to drop at any time.
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
