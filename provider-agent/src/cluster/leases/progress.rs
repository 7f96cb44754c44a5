//! What this process did for each lease: not stored, since everything can be applied again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use souk_core::OrderId;

use crate::cluster::kube::objects::Kind;
use crate::model::reconcile::Applied;

/// After so long everything is applied again, whatever the caches say.
const REFRESH: Duration = Duration::from_secs(300);
/// For so long after something was applied the caches may show what was before.
const LAG: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What was done for one lease.
#[derive(Debug, Default)]
pub struct Progress {
    /// What was applied last, and when.
    applied: Option<(Applied, Instant)>,
    /// The fingerprints of the objects that were applied.
    pub objects: HashMap<(Kind, String), String>,
    /// Why the last step failed.
    pub failure: Option<String>,
    retry: Option<(Instant, Duration)>,
    /// What a namespace that is being deleted is waiting for.
    pub remains: Option<String>,
}

impl Progress {
    /// What was applied last, unless it is time to do it again.
    pub fn applied(&self, now: Instant) -> Option<Applied> {
        let (applied, at) = self.applied?;
        (now.saturating_duration_since(at) < REFRESH).then_some(applied)
    }

    /// Whether it was applied so short a time ago that the caches may not show it yet.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.applied.is_some_and(|(_, at)| now.saturating_duration_since(at) < LAG)
    }

    /// Whether a failed step is to be left alone for now.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.retry.is_some_and(|(until, _)| now < until)
    }

    fn succeeded(&mut self) {
        self.failure = None;
        self.retry = None;
    }

    fn failed(&mut self, why: String, now: Instant) {
        let pause = self.retry.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
        self.retry = Some((now + pause, pause));
        self.failure = Some(why);
    }
}

/// The progress of all leases. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct AllProgress(Arc<Mutex<HashMap<OrderId, Progress>>>);

impl AllProgress {
    fn lock(&self) -> MutexGuard<'_, HashMap<OrderId, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a lease's progress.
    pub fn with<T>(&self, order: OrderId, look: impl FnOnce(&Progress) -> T) -> T {
        look(self.lock().entry(order).or_default())
    }

    /// All objects were applied.
    pub fn applied(
        &self,
        order: OrderId,
        applied: Applied,
        objects: HashMap<(Kind, String), String>,
    ) {
        let mut all = self.lock();
        let progress = all.entry(order).or_default();
        progress.applied = Some((applied, Instant::now()));
        progress.objects = objects;
        progress.succeeded();
    }

    /// A step failed.
    pub fn failed(&self, order: OrderId, why: String) {
        self.lock().entry(order).or_default().failed(why, Instant::now());
    }

    /// What a namespace that is being deleted is waiting for; true if that is news.
    pub fn remains(&self, order: OrderId, what: Option<&str>) -> bool {
        let mut all = self.lock();
        let progress = all.entry(order).or_default();
        let news = progress.remains.as_deref() != what;
        progress.remains = what.map(str::to_owned);
        news
    }

    /// Nothing of the lease is left.
    pub fn forget(&self, order: OrderId) {
        self.lock().remove(&order);
    }
}
