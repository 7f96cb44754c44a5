//! What of a lease is in the cluster, by the caches.

use std::{collections::BTreeSet, time::Instant};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Resource, ResourceExt, runtime::reflector::Store};
use souk_core::OrderId;

use super::{
    plan::{Observed, Presence},
    progress::AllProgress,
};
use crate::{
    kube::{cache::Caches, objects::Kind},
    labels::ORDER,
};

/// The leases that have a namespace.
pub fn orders(caches: &Caches) -> BTreeSet<OrderId> {
    let namespaces = caches.namespaces.state();
    namespaces.iter().filter_map(|namespace| order_of(&**namespace)).collect()
}

/// The lease that an object says it is of.
fn order_of<K: ResourceExt>(object: &K) -> Option<OrderId> {
    object.labels().get(ORDER)?.parse().ok()
}

/// What there is of one lease.
pub fn lease(caches: &Caches, progress: &AllProgress, order: OrderId, namespace: &str) -> Observed {
    let found = caches.namespaces.state().into_iter().find(|one| one.name_any() == namespace);
    let presence = found.map_or(Presence::Absent, |namespace| presence(&namespace));
    progress.with(order, |progress| Observed {
        namespace: presence,
        applied: progress.applied(Instant::now()),
        intact: progress.generations.iter().all(|((kind, name), generation)| {
            generation_of(caches, *kind, namespace, name) == Some(*generation)
        }),
    })
}

fn presence(namespace: &Namespace) -> Presence {
    match namespace.metadata.deletion_timestamp {
        Some(_) => Presence::Terminating,
        None => Presence::Active,
    }
}

/// The generation of a workload; 0 for a Service, which has none.
fn generation_of(caches: &Caches, kind: Kind, namespace: &str, name: &str) -> Option<i64> {
    match kind {
        Kind::Deployment => generation(&caches.deployments, namespace, name),
        Kind::StatefulSet => generation(&caches.stateful_sets, namespace, name),
        Kind::Service => generation(&caches.services, namespace, name),
        _ => Some(0),
    }
}

fn generation<K>(cache: &Store<K>, namespace: &str, name: &str) -> Option<i64>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let is_it = |object: &K| {
        object.meta().namespace.as_deref() == Some(namespace)
            && object.meta().name.as_deref() == Some(name)
            && object.meta().deletion_timestamp.is_none()
    };
    let found = cache.find(is_it)?;
    Some(found.meta().generation.unwrap_or(0))
}
