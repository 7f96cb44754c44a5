//! Which controllers a change concerns.

use serde_json::Value;

use super::{Cluster, Work};
use crate::{
    kinds::Kind,
    requests::claims,
    store::{Change, ChangeKind, ObjectKey, controller_uid},
    validate::array,
};

/// Queues the work that follows from a change.
pub fn route(cluster: &mut Cluster, kind: Kind, change: &Change) {
    let key = change.key.clone();
    let deleted = change.what == ChangeKind::Deleted;
    match kind {
        Kind::Namespace => cluster.queue.push(Work::Namespace(key.name.clone())),
        Kind::Pod => pod(cluster, change),
        Kind::Deployment => cluster.queue.push(Work::Deployment(key.clone())),
        Kind::ReplicaSet => {
            cluster.queue.push(Work::ReplicaSet(key.clone()));
            owner(cluster, &change.new);
        }
        Kind::StatefulSet => cluster.queue.push(Work::StatefulSet(key.clone())),
        Kind::Service => cluster.queue.push(Work::Service(key.clone())),
        Kind::Ingress => cluster.queue.push(Work::Ingress(key.clone())),
        Kind::PersistentVolumeClaim => {
            cluster.queue.push(Work::Claim(key.clone()));
            if deleted && let Some(volume) = change.new["spec"]["volumeName"].as_str() {
                cluster.queue.push(Work::Volume(volume.to_owned()));
            }
            stateful_sets(cluster, &key.namespace);
            cluster.queue.retry_unschedulable();
        }
        Kind::PersistentVolume => cluster.queue.push(Work::Volume(key.name.clone())),
        Kind::StorageClass => {
            let claims: Vec<ObjectKey> =
                cluster.store.all(Kind::PersistentVolumeClaim).map(|(k, _)| k.clone()).collect();
            claims.into_iter().for_each(|k| cluster.queue.push(Work::Claim(k)));
            cluster.queue.retry_unschedulable();
        }
        Kind::Node => {
            cluster.queue.push(Work::Node(key.name.clone()));
            cluster.queue.retry_unschedulable();
        }
        Kind::PodDisruptionBudget => cluster.queue.push(Work::Budget(key.clone())),
        _ => {}
    }
    if kind.namespaced() && kind != Kind::Event {
        let counted = change.what != ChangeKind::Modified
            || matches!(
                kind,
                Kind::Pod | Kind::Service | Kind::PersistentVolumeClaim | Kind::ResourceQuota
            );
        if counted && cluster.store.within(Kind::ResourceQuota, &key.namespace).next().is_some() {
            cluster.queue.push(Work::Quota(key.namespace.clone()));
        }
    }
    if deleted && kind.namespaced() {
        let namespace = ObjectKey::new("", &*key.namespace);
        let leaving = cluster
            .store
            .get(Kind::Namespace, &namespace)
            .is_some_and(|n| !n["metadata"]["deletionTimestamp"].is_null());
        if leaving {
            cluster.queue.push(Work::Namespace(key.namespace.clone()));
        }
    }
    garbage(cluster, kind, change);
}

fn garbage(cluster: &mut Cluster, kind: Kind, change: &Change) {
    let metadata = &change.new["metadata"];
    let owned = array(&metadata["ownerReferences"]).next().is_some();
    let leaving = !metadata["deletionTimestamp"].is_null();
    if change.what != ChangeKind::Deleted {
        let fresh = change.what == ChangeKind::Added
            || change.old.as_ref().is_some_and(|old| {
                old["metadata"]["ownerReferences"] != metadata["ownerReferences"]
            });
        if (owned && fresh) || (leaving && array(&metadata["finalizers"]).next().is_some()) {
            cluster.queue.push(Work::Garbage(kind, change.key.clone()));
        }
    } else {
        if let Some(uid) = metadata["uid"].as_str() {
            for (kind, key) in cluster.store.dependents(uid) {
                cluster.queue.push(Work::Garbage(kind, key));
            }
        }
    }
    // An owner that is deleted in the foreground waits for its dependents.
    if owned && (change.what == ChangeKind::Deleted || leaving) {
        for reference in array(&metadata["ownerReferences"]) {
            let owner = reference["uid"].as_str().and_then(|uid| cluster.store.find(uid)).cloned();
            if let Some((kind, key)) = owner {
                cluster.queue.push(Work::Garbage(kind, key));
            }
        }
    }
}

/// Queues the workload that controls an object.
fn owner(cluster: &mut Cluster, object: &Value) {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    for reference in array(&object["metadata"]["ownerReferences"]) {
        if reference["controller"] != true {
            continue;
        }
        let key = ObjectKey::new(namespace, reference["name"].as_str().unwrap_or_default());
        match reference["kind"].as_str() {
            Some("ReplicaSet") => cluster.queue.push(Work::ReplicaSet(key)),
            Some("Deployment") => cluster.queue.push(Work::Deployment(key)),
            Some("StatefulSet") => cluster.queue.push(Work::StatefulSet(key)),
            _ => {}
        }
    }
}

fn stateful_sets(cluster: &mut Cluster, namespace: &str) {
    let keys: Vec<ObjectKey> =
        cluster.store.within(Kind::StatefulSet, namespace).map(|(k, _)| k.clone()).collect();
    keys.into_iter().for_each(|k| cluster.queue.push(Work::StatefulSet(k)));
}

fn pod(cluster: &mut Cluster, change: &Change) {
    let key = &change.key;
    let (new, deleted) = (&change.new, change.what == ChangeKind::Deleted);
    owner(cluster, new);
    if deleted && let Some(set) = controller_uid(new).and_then(|u| cluster.store.find(u)) {
        // A deployment that recreates waits for the last of its old pods.
        let set = cluster.store.get(set.0, &set.1).cloned();
        if let Some(set) = set {
            owner(cluster, &set);
        }
    }
    // A workload may adopt an orphan.
    if change.what == ChangeKind::Added
        && array(&new["metadata"]["ownerReferences"]).next().is_none()
    {
        let sets: Vec<ObjectKey> = cluster
            .store
            .within(Kind::ReplicaSet, &key.namespace)
            .map(|(k, _)| k.clone())
            .collect();
        sets.into_iter().for_each(|k| cluster.queue.push(Work::ReplicaSet(k)));
        stateful_sets(cluster, &key.namespace);
    }
    let bound = new["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
    if bound || deleted {
        cluster.queue.push(Work::Kubelet(key.clone()));
    } else {
        // A changed message about scheduling does not lead to another try.
        let same = change.old.as_ref().is_some_and(|o| o["spec"] == new["spec"]);
        if !same || !new["metadata"]["deletionTimestamp"].is_null() {
            cluster.queue.push(Work::Schedule(key.clone()));
        }
    }
    let ended = |p: &Value| matches!(p["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if deleted || ended(new) {
        cluster.queue.retry_unschedulable();
        for claim in claims(new) {
            cluster.queue.push(Work::Claim(claim));
        }
    }
    let services: Vec<ObjectKey> =
        cluster.store.within(Kind::Service, &key.namespace).map(|(k, _)| k.clone()).collect();
    services.into_iter().for_each(|k| cluster.queue.push(Work::Service(k)));
    let budgets: Vec<ObjectKey> = cluster
        .store
        .within(Kind::PodDisruptionBudget, &key.namespace)
        .map(|(k, _)| k.clone())
        .collect();
    budgets.into_iter().for_each(|k| cluster.queue.push(Work::Budget(k)));
}
