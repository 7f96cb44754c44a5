//! What this process did for each lease: not stored, since everything can be applied again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use souk_core::OrderId;

use crate::{cluster::kube::objects::Kind, model::reconcile::Applied};

/// The time after which everything is applied again, even if the caches show no difference.
const REAPPLY_INTERVAL: Duration = Duration::from_secs(300);
/// The time after an apply in which the caches may still show the state before.
const CACHE_DELAY: Duration = Duration::from_secs(2);
const MIN_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// The progress of one lease.
#[derive(Debug, Default)]
pub struct Progress {
    /// The version that was applied last, and when.
    applied: Option<(Applied, Instant)>,
    /// The fingerprints of the objects that were applied.
    pub objects: HashMap<(Kind, String), String>,
    /// Why the last step failed.
    pub failure: Option<String>,
    retry: Option<(Instant, Duration)>,
    /// What blocks the deletion of its namespace.
    pub blocked_by: Option<String>,
}

impl Progress {
    /// The version that was applied last, unless it is time to apply it again.
    pub fn applied(&self, now: Instant) -> Option<Applied> {
        let (applied, at) = self.applied?;
        (now.saturating_duration_since(at) < REAPPLY_INTERVAL).then_some(applied)
    }

    /// Whether it was applied so recently that the caches may not show it yet.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.applied.is_some_and(|(_, at)| now.saturating_duration_since(at) < CACHE_DELAY)
    }

    /// Whether a failed step waits for its retry.
    pub fn is_backing_off(&self, now: Instant) -> bool {
        self.retry.is_some_and(|(until, _)| now < until)
    }

    fn succeeded(&mut self) {
        self.failure = None;
        self.retry = None;
    }

    fn failed(&mut self, why: String, now: Instant) {
        let backoff = self.retry.map_or(MIN_BACKOFF, |(_, backoff)| (backoff * 2).min(MAX_BACKOFF));
        self.retry = Some((now + backoff, backoff));
        self.failure = Some(why);
    }
}

/// The progress of all leases. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ProgressMap(Arc<Mutex<HashMap<OrderId, Progress>>>);

impl ProgressMap {
    fn lock(&self) -> MutexGuard<'_, HashMap<OrderId, Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a lease's progress.
    pub fn with<T>(&self, order: OrderId, read: impl FnOnce(&Progress) -> T) -> T {
        read(self.lock().entry(order).or_default())
    }

    /// Records that all objects were applied.
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

    /// Records a failed step and sets its backoff.
    pub fn failed(&self, order: OrderId, why: String) {
        self.lock().entry(order).or_default().failed(why, Instant::now());
    }

    /// Records what blocks the deletion of the namespace; true if that changed.
    pub fn set_blocked_by(&self, order: OrderId, what: Option<&str>) -> bool {
        let mut all = self.lock();
        let progress = all.entry(order).or_default();
        let changed = progress.blocked_by.as_deref() != what;
        progress.blocked_by = what.map(str::to_owned);
        changed
    }

    /// Forgets a lease.
    pub fn forget(&self, order: OrderId) {
        self.lock().remove(&order);
    }
}
