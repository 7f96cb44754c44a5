//! What was done for each lease. What was applied is in the store as well, so that a restart applies
//! nothing that is there.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use souk_core::OrderId;

use super::secrets::Lost;
use crate::{
    cluster::kube::{
        fingerprint::Fingerprint,
        objects::Kind,
        seen::{Detail, LeaseObjects, Replicas, SeenObject},
    },
    model::reconcile::{Applied, Presence},
    store::{AppliedObject, AppliedRow},
};

/// The time after an apply in which the caches may still show the state before.
const CACHE_DELAY: Duration = Duration::from_secs(2);

/// When replicas that wait for others are looked at again, if nothing is seen before: at first, and at most.
const REPLICA_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// The progress of one lease.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// What was applied last, if all of it was.
    pub applied: Option<Applied>,
    /// The objects that were applied.
    pub objects: Vec<AppliedAs>,
    /// When something was applied last by this process.
    pub(super) applied_at: Option<Instant>,
    /// Why the last step failed.
    pub failure: Option<String>,
    /// How often Secrets were applied again since pods last had what they need.
    pub(super) secrets_sent: u32,
    /// What it waits for before anything can be applied.
    pub waits_for: Option<String>,
    /// Whether either is the lease's own doing: Kubernetes refuses what its manifest asks for, or its own pods
    /// are waited for.
    pub(super) is_own: bool,
    /// How long it was to wait for that the last time.
    pub(super) wait: Option<Duration>,
    /// Whether the store may have another row.
    pub(super) is_unstored: bool,
    /// What blocks the deletion of its namespace.
    pub blocked_by: Option<String>,
}

/// An object as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedAs {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Box<str>,
    /// Identifies what was sent.
    pub content: u64,
    /// Which fields were the agent's then.
    pub fingerprint: Fingerprint,
    /// Its generation then; 0 if it was applied by a process before this one.
    pub generation: i64,
    /// A digest of its uid then; 0 as well.
    pub uid: u64,
}

impl AppliedAs {
    /// Whether what is seen of a workload is as new as this, and not of one of the same name before it: the
    /// caches are a little behind.
    pub fn is_seen(&self, seen: Replicas) -> bool {
        seen.generation >= self.generation && (self.uid == 0 || seen.uid == self.uid)
    }

    /// The object as it would be seen, if nothing changed it since.
    pub fn as_seen(&self) -> SeenObject {
        SeenObject {
            kind: self.kind,
            name: self.name.clone(),
            service: None,
            fingerprint: self.fingerprint,
            terminating: false,
            detail: Detail::None,
        }
    }
}

impl Progress {
    /// For how long the caches may still show the state before the last apply.
    pub fn cache_delay(&self, now: Instant) -> Option<Duration> {
        self.time_left(CACHE_DELAY, now)
    }

    /// What is left of a time that began with the last apply; none if it is over.
    pub(super) fn time_left(&self, time: Duration, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.applied_at?);
        time.checked_sub(since).filter(|left| !left.is_zero())
    }

    /// An object as it was applied.
    pub fn object(&self, kind: Kind, name: &str) -> Option<&AppliedAs> {
        self.objects.iter().find(|object| object.kind == kind && &*object.name == name)
    }

    /// What is seen, with what was applied and is not seen yet: the caches are a little behind.
    pub fn known(&self, seen: &LeaseObjects) -> LeaseObjects {
        let mut known = seen.clone();
        if seen.presence() != Presence::Active {
            return known;
        }
        let unseen = self.objects.iter().filter(|one| seen.find(one.kind, &one.name).is_none());
        known.objects.extend(unseen.map(AppliedAs::as_seen));
        known
    }

    /// Whether `wanted` is all in the cluster, as far as it was applied.
    pub fn is_current(&self, wanted: Applied) -> bool {
        self.applied == Some(wanted) && self.failure.is_none() && self.waits_for.is_none()
    }

    /// Whether what is seen of the workloads is as new as what was applied: the caches are a little behind.
    pub fn is_seen(&self, seen: &LeaseObjects) -> bool {
        let is_seen = |applied: &AppliedAs| match seen.find(applied.kind, &applied.name) {
            Some(SeenObject { detail: Detail::Workload(replicas), .. }) => {
                applied.is_seen(*replicas)
            }
            _ => true,
        };
        self.objects.iter().all(is_seen)
    }

    /// As the store keeps it.
    pub fn row(&self, order: OrderId) -> AppliedRow {
        let object = |object: &AppliedAs| AppliedObject {
            kind: object.kind.gvk().kind,
            name: object.name.to_string(),
            content: object.content,
            fingerprint: object.fingerprint.0,
        };
        AppliedRow {
            order,
            version: self.applied.map(|applied| applied.version),
            running: self.applied.is_some_and(|applied| applied.running),
            objects: self.objects.iter().map(object).collect(),
        }
    }
}

impl From<AppliedRow> for Progress {
    fn from(row: AppliedRow) -> Self {
        let object = |object: AppliedObject| {
            Some(AppliedAs {
                kind: Kind::named(&object.kind)?,
                name: object.name.into(),
                content: object.content,
                fingerprint: Fingerprint(object.fingerprint),
                generation: 0,
                uid: 0,
            })
        };
        let mut objects: Vec<AppliedAs> = row.objects.into_iter().filter_map(object).collect();
        // It is in the place of what was read, which was larger.
        objects.shrink_to_fit();
        let applied = row.version.map(|version| Applied { version, running: row.running });
        Self { applied, objects, ..Self::default() }
    }
}

/// The progress of all leases. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ProgressMap(Arc<Mutex<HashMap<OrderId, Progress>>>);

impl ProgressMap {
    /// A lease's progress.
    pub fn get(&self, order: OrderId) -> Progress {
        self.0.lock().get(&order).cloned().unwrap_or_default()
    }

    /// Whether anything was done for a lease.
    pub fn contains(&self, order: OrderId) -> bool {
        self.0.lock().contains_key(&order)
    }

    /// Takes over what the store has.
    pub fn restore(&self, rows: Vec<AppliedRow>) {
        let mut all = self.0.lock();
        for row in rows {
            all.insert(row.order, row.into());
        }
    }

    /// Records what was applied, with no version if not all of it could be, and whether anything was
    /// written for it now. Returns the row for the store, if it has another one; once it has this one,
    /// [`stored`](Self::stored) says so.
    pub fn applied(
        &self,
        order: OrderId,
        applied: Option<Applied>,
        objects: Vec<AppliedAs>,
        wrote: bool,
    ) -> Option<AppliedRow> {
        let mut all = self.0.lock();
        let progress = all.entry(order).or_default();
        let before = progress.row(order);
        progress.applied = applied;
        progress.objects = objects;
        if wrote {
            progress.applied_at = Some(Instant::now());
            progress.wait = None;
        }
        let row = progress.row(order);
        progress.is_unstored |= row != before;
        progress.is_unstored.then_some(row)
    }

    /// Records that the caches, which have only now listed everything, may still show a lease's state from before
    /// it was applied.
    pub fn renew(&self, order: OrderId, now: Instant) {
        let mut all = self.0.lock();
        let applied_at = all.get_mut(&order).and_then(|progress| progress.applied_at.as_mut());
        if let Some(at) = applied_at {
            *at = now;
        }
    }

    /// Records that the store has what was applied.
    pub fn stored(&self, order: OrderId) {
        if let Some(progress) = self.0.lock().get_mut(&order) {
            progress.is_unstored = false;
        }
    }

    /// Records that the last step succeeded.
    pub fn succeeded(&self, order: OrderId) {
        if let Some(progress) = self.0.lock().get_mut(&order) {
            progress.failure = None;
            progress.waits_for = None;
            progress.is_own = false;
            progress.wait = None;
        }
    }

    /// Records a failed step; `is_own` if Kubernetes refuses what the manifest asks for.
    pub fn failed(&self, order: OrderId, why: String, is_own: bool) {
        let mut all = self.0.lock();
        let progress = all.entry(order).or_default();
        progress.failure = Some(why);
        progress.is_own = is_own;
        progress.waits_for = None;
        progress.wait = None;
    }

    /// Records whether Secrets that pods lack are applied again, or no pod lacks any.
    pub fn secrets(&self, order: OrderId, lost: Lost) {
        let mut all = self.0.lock();
        let Some(progress) = all.get_mut(&order) else { return };
        match lost {
            Lost::None => progress.secrets_sent = 0,
            Lost::Wait(_) => {}
            Lost::Again => progress.secrets_sent = progress.secrets_sent.saturating_add(1),
        }
    }

    /// Records what a lease waits for. Returns when to look at it again, if nothing is seen before: later
    /// each time, while it is the same and nothing is written for it. `is_own` if it waits for pods of its own.
    pub fn waits(&self, order: OrderId, what: String, is_own: bool) -> Duration {
        let mut all = self.0.lock();
        let progress = all.entry(order).or_default();
        let (first, longest) = REPLICA_WAIT;
        let before = progress.wait.filter(|_| progress.waits_for.as_ref() == Some(&what));
        let wait = before.map_or(first, |wait| wait.saturating_mul(2).min(longest));
        progress.failure = None;
        progress.waits_for = Some(what);
        progress.is_own = is_own;
        progress.wait = Some(wait);
        wait
    }

    /// Records what blocks the deletion of the namespace; true if that changed.
    pub fn set_blocked_by(&self, order: OrderId, what: Option<String>) -> bool {
        let mut all = self.0.lock();
        match all.get_mut(&order) {
            None if what.is_none() => false,
            None => {
                all.insert(order, Progress { blocked_by: what, ..Progress::default() });
                true
            }
            Some(progress) => {
                let changed = progress.blocked_by != what;
                progress.blocked_by = what;
                changed
            }
        }
    }

    /// The leases whose last step failed or waits, with the reason, in their order; without those whose own
    /// doing that is.
    pub fn failures(&self) -> Vec<String> {
        self.reasons(|one| one.failure.as_ref().or(one.waits_for.as_ref()).filter(|_| !one.is_own))
    }

    /// The leases of which Kubernetes refuses something, with the reason, in their order.
    pub fn refused(&self) -> Vec<String> {
        self.reasons(|one| one.failure.as_ref().filter(|_| one.is_own))
    }

    fn reasons(&self, reason: impl Fn(&Progress) -> Option<&String>) -> Vec<String> {
        let all = self.0.lock();
        let reasons = all.iter().filter_map(|(order, one)| Some((*order, reason(one)?)));
        let mut reasons: Vec<(OrderId, &String)> = reasons.collect();
        reasons.sort();
        reasons.into_iter().map(|(order, why)| format!("lease {order}: {why}")).collect()
    }

    /// Forgets a lease.
    pub fn forget(&self, order: OrderId) {
        self.0.lock().remove(&order);
    }
}

#[cfg(test)]
mod tests;
