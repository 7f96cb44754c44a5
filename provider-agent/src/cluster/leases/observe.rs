//! The leases' objects in the cluster at one moment, from the caches.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Resource, ResourceExt, runtime::reflector::Store};
use souk_core::OrderId;

use super::progress::{Progress, ProgressMap};
use crate::{
    cluster::kube::{cache::Caches, fingerprint, objects::Kind},
    model::{
        labels::ORDER,
        reconcile::{Observed, Presence},
    },
};

/// The agent's objects at one moment.
#[derive(Debug, Default)]
pub struct ObjectSnapshot {
    namespaces: HashMap<String, ObservedNamespace>,
    /// By namespace; the namespace itself is among them.
    objects: HashMap<String, Vec<ObservedObject>>,
}

/// A lease's namespace.
#[derive(Debug)]
struct ObservedNamespace {
    order: Option<OrderId>,
    uid: Option<String>,
    presence: Presence,
    blocked_by: Option<String>,
}

/// An object of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedObject {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its fingerprint: which fields the agent applied.
    pub fingerprint: String,
    /// Whether it is being deleted.
    pub terminating: bool,
}

impl ObjectSnapshot {
    /// Takes a snapshot of the caches.
    pub fn take(caches: &Caches) -> Self {
        let mut snapshot = Self::default();
        for namespace in caches.namespaces.state() {
            let seen = ObservedNamespace {
                order: namespace.labels().get(ORDER).and_then(|order| order.parse().ok()),
                uid: namespace.uid(),
                presence: match namespace.metadata.deletion_timestamp {
                    Some(_) => Presence::Terminating,
                    None => Presence::Active,
                },
                blocked_by: blocked_by(&namespace),
            };
            let name = namespace.name_any();
            snapshot.add(Kind::Namespace, &name, namespace.meta());
            snapshot.namespaces.insert(name, seen);
        }
        snapshot.add_all(Kind::ResourceQuota, &caches.quotas);
        snapshot.add_all(Kind::LimitRange, &caches.limit_ranges);
        snapshot.add_all(Kind::NetworkPolicy, &caches.policies);
        snapshot.add_all(Kind::ServiceAccount, &caches.accounts);
        snapshot.add_all(Kind::Secret, &caches.secrets);
        snapshot.add_all(Kind::Service, &caches.services);
        snapshot.add_all(Kind::Deployment, &caches.deployments);
        snapshot.add_all(Kind::StatefulSet, &caches.stateful_sets);
        snapshot.add_all(Kind::Ingress, &caches.ingresses);
        snapshot
    }

    fn add_all<K>(&mut self, kind: Kind, cache: &Store<K>)
    where
        K: Resource<DynamicType = ()> + Clone + 'static,
    {
        for object in cache.state() {
            let meta = object.meta();
            if let Some(namespace) = &meta.namespace {
                self.add(kind, namespace, meta);
            }
        }
    }

    fn add(&mut self, kind: Kind, namespace: &str, meta: &ObjectMeta) {
        self.objects.entry(namespace.to_owned()).or_default().push(ObservedObject {
            kind,
            name: meta.name.clone().unwrap_or_default(),
            fingerprint: fingerprint::kept(meta).to_owned(),
            terminating: meta.deletion_timestamp.is_some(),
        });
    }

    /// The leases that have a namespace.
    pub fn orders(&self) -> BTreeSet<OrderId> {
        self.namespaces.values().filter_map(|seen| seen.order).collect()
    }

    /// The observed state of one lease.
    pub fn lease(&self, progress: &ProgressMap, order: OrderId, namespace: &str) -> Observed {
        let presence = self.namespaces.get(namespace).map(|seen| seen.presence);
        let now = Instant::now();
        progress.with(order, |progress| Observed {
            namespace: presence.unwrap_or(Presence::Absent),
            applied: progress.applied(now),
            // The caches are a little behind what was applied just now.
            intact: progress.is_fresh(now) || is_intact(progress, self.objects(namespace)),
        })
    }

    /// The objects in a namespace, itself included.
    pub fn objects(&self, namespace: &str) -> &[ObservedObject] {
        self.objects.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// The uid of a namespace.
    pub fn uid(&self, namespace: &str) -> Option<&str> {
        self.namespaces.get(namespace)?.uid.as_deref()
    }

    /// What blocks the deletion of a namespace, as the API server says.
    pub fn blocked_by(&self, namespace: &str) -> Option<&str> {
        self.namespaces.get(namespace)?.blocked_by.as_deref()
    }
}

/// Whether all applied objects are as they were applied, and there are no others. Objects that are
/// being deleted are waited for: they cannot be created before they are gone.
fn is_intact(progress: &Progress, seen: &[ObservedObject]) -> bool {
    let there = |(kind, name): &(Kind, String), fingerprint: &String| {
        let found = seen.iter().find(|object| object.kind == *kind && object.name == *name);
        found.is_some_and(|object| object.terminating || object.fingerprint == *fingerprint)
    };
    let known = |object: &ObservedObject| {
        object.terminating || progress.objects.contains_key(&(object.kind, object.name.clone()))
    };
    progress.objects.iter().all(|(key, fingerprint)| there(key, fingerprint))
        && seen.iter().all(known)
}

/// What blocks the deletion of a namespace, as the API server says.
fn blocked_by(namespace: &Namespace) -> Option<String> {
    let conditions = namespace.status.as_ref()?.conditions.as_ref()?;
    let active = conditions.iter().filter(|one| one.status == "True");
    let messages: Vec<&str> = active.filter_map(|one| one.message.as_deref()).collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reconcile::Applied;

    fn object(kind: Kind, name: &str, fingerprint: &str) -> ObservedObject {
        ObservedObject {
            kind,
            name: name.into(),
            fingerprint: fingerprint.into(),
            terminating: false,
        }
    }

    #[test]
    fn whatever_differs_from_what_was_applied_is_seen() {
        let applied = [(Kind::Secret, "web-env", "1"), (Kind::Service, "web", "2")];
        let all = ProgressMap::default();
        let keys = applied.map(|(kind, name, print)| ((kind, name.to_owned()), print.to_owned()));
        let what = Applied { version: 1, running: true };
        all.applied(OrderId(7), what, keys.into());
        let intact = |seen: &[ObservedObject]| all.with(OrderId(7), |one| is_intact(one, seen));

        let secret = || object(Kind::Secret, "web-env", "1");
        let service = || object(Kind::Service, "web", "2");
        let deleted = || ObservedObject { terminating: true, ..object(Kind::Service, "web", "9") };
        let more = || object(Kind::Secret, "old-env", "3");
        for (case, seen, expected) in [
            ("as it was applied", vec![secret(), service()], true),
            ("one is gone", vec![secret()], false),
            ("one is changed", vec![object(Kind::Secret, "web-env", "0"), service()], false),
            ("of another kind", vec![object(Kind::Ingress, "web-env", "1"), service()], false),
            ("one is being deleted", vec![secret(), deleted()], true),
            ("there is one more", vec![secret(), service(), more()], false),
        ] {
            assert_eq!(intact(&seen), expected, "{case}");
        }
    }
}
