//! What controllers have to look at: each item once, now or later.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{kinds::Kind, store::Key};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Work {
    Namespace(String),
    Garbage(Kind, Key),
    Deployment(Key),
    ReplicaSet(Key),
    StatefulSet(Key),
    Service(Key),
    Ingress(Key),
    Claim(Key),
    Volume(String),
    Quota(String),
    Budget(Key),
    Node(String),
    Kubelet(Key),
    Schedule(Key),
    ExpireEvents,
}

/// When there is something to do.
pub(super) enum Next {
    Now,
    At(Instant),
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
    pub unschedulable: BTreeSet<Key>,
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

    /// The next item.
    pub fn pop(&mut self) -> Option<Work> {
        self.ring();
        let work = self.ready.pop_front()?;
        self.waiting.remove(&work);
        Some(work)
    }

    fn ring(&mut self) {
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

    pub(super) fn next(&self) -> Next {
        if !self.ready.is_empty() {
            return Next::Now;
        }
        self.timers.peek().map_or(Next::Never, |Reverse((at, _))| Next::At(*at))
    }

    pub(super) fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}
