//! What controllers have to look at: each item once, now or later.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{kinds::Kind, store::ObjectKey};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Work {
    Namespace(String),
    Garbage(Kind, ObjectKey),
    Deployment(ObjectKey),
    ReplicaSet(ObjectKey),
    StatefulSet(ObjectKey),
    Service(ObjectKey),
    Ingress(ObjectKey),
    Claim(ObjectKey),
    Volume(String),
    Quota(String),
    Budget(ObjectKey),
    Node(String),
    Kubelet(ObjectKey),
    Schedule(ObjectKey),
    ExpireEvents,
}

/// When there is something to do.
pub enum Next {
    /// At once.
    Now,
    /// Then.
    SchemaNode(Instant),
    /// When something changes.
    Never,
}

/// The work list.
#[derive(Debug, Default)]
pub struct Queue {
    ready: VecDeque<Work>,
    waiting: HashSet<Work>,
    timers: BinaryHeap<Reverse<(Instant, Work)>>,
    /// The earliest timer of each item; later ones in the heap are stale.
    earliest: HashMap<Work, Instant>,
    wake: Arc<Notify>,
    /// Pods that found no node and wait for a change.
    pub unschedulable: BTreeSet<ObjectKey>,
}

impl Queue {
    /// Something to do now.
    pub fn push(&mut self, work: Work) {
        if self.waiting.insert(work.clone()) {
            self.ready.push_back(work);
            self.wake.notify_one();
        }
    }

    /// Something to do later; an earlier time that is already set stays.
    pub fn push_after(&mut self, work: Work, delay: Duration) {
        let at = Instant::now() + delay;
        if self.earliest.get(&work).is_some_and(|e| *e <= at) {
            return;
        }
        self.earliest.insert(work.clone(), at);
        self.timers.push(Reverse((at, work)));
        self.wake.notify_one();
    }

    /// Tries again to schedule every pod that found no node, because something changed.
    pub fn retry_unschedulable(&mut self) {
        let waiting: Vec<ObjectKey> = self.unschedulable.iter().cloned().collect();
        for key in waiting {
            self.push(Work::Schedule(key));
        }
    }

    /// The next item.
    pub fn pop(&mut self) -> Option<Work> {
        self.move_due();
        let work = self.ready.pop_front()?;
        self.waiting.remove(&work);
        Some(work)
    }

    fn move_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, _))) = self.timers.peek() {
            if *at > now {
                break;
            }
            if let Some(Reverse((at, work))) = self.timers.pop()
                && self.earliest.get(&work) == Some(&at)
            {
                self.earliest.remove(&work);
                self.push(work);
            }
        }
    }

    /// When the next item is due.
    pub fn next(&self) -> Next {
        if !self.ready.is_empty() {
            return Next::Now;
        }
        self.timers.peek().map_or(Next::Never, |Reverse((at, _))| Next::SchemaNode(*at))
    }

    /// Wakes with every new item.
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}
