//! Garbage: objects whose owners are gone, and owners that wait for their dependents.

use std::time::Duration;

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    apply::Part,
    cluster::{Cluster, Work},
    kinds::Kind,
    registry::{DeleteOptions, Propagation},
    store::ObjectKey,
    validate::array,
};

pub fn reconcile(cluster: &mut Cluster, kind: Kind, key: &ObjectKey) -> Option<Duration> {
    let object = cluster.store.get(kind, key)?.clone();
    let metadata = &object["metadata"];
    if !metadata["deletionTimestamp"].is_null() {
        let holds = |name: &str| array(&metadata["finalizers"]).any(|f| f == name);
        if holds("orphan") {
            orphan(cluster, kind, key, &object);
        } else if holds("foregroundDeletion") {
            foreground(cluster, kind, key, &object);
        }
        return None;
    }
    let owners: Vec<&Value> = array(&metadata["ownerReferences"]).collect();
    if owners.is_empty() {
        return None;
    }
    let state = |owner: &Value| -> Option<bool> {
        let (kind, key) = cluster.store.find(owner["uid"].as_str().unwrap_or_default())?;
        let owner_object = cluster.store.get(*kind, key)?;
        let metadata = &owner_object["metadata"];
        let waits = !metadata["deletionTimestamp"].is_null()
            && array(&metadata["finalizers"]).any(|f| f == "foregroundDeletion");
        Some(waits)
    };
    let states: Vec<Option<bool>> = owners.iter().map(|o| state(o)).collect();
    let solid = states.contains(&Some(false));
    let waiting = states.contains(&Some(true));
    if solid {
        // References to owners that are gone are dropped.
        if states.iter().any(|s| *s != Some(false)) {
            let kept: Vec<Value> = owners
                .iter()
                .zip(&states)
                .filter(|(_, s)| **s == Some(false))
                .map(|(o, _)| Value::clone(o))
                .collect();
            cluster.adjust(kind, key, Part::Main, MANAGER, |o| {
                o["metadata"]["ownerReferences"] = json!(kept);
            });
        }
        return None;
    }
    let has_dependents =
        metadata["uid"].as_str().is_some_and(|uid| !cluster.store.dependents(uid).is_empty());
    let propagation =
        if waiting && has_dependents { Propagation::Foreground } else { Propagation::Background };
    let options = DeleteOptions {
        propagation,
        uid: metadata["uid"].as_str().map(str::to_owned),
        ..DeleteOptions::default()
    };
    if let Err(why) = cluster.delete(kind, key, &options) {
        tracing::debug!(%why, "garbage not deleted");
    }
    None
}

fn drop_finalizer(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, name: &str) {
    cluster.adjust(kind, key, Part::Main, MANAGER, |object| {
        if let Some(all) = object["metadata"]["finalizers"].as_array_mut() {
            all.retain(|f| f != name);
        }
    });
}

fn orphan(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, owner: &Value) {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
    for (kind, key) in cluster.store.dependents(uid) {
        cluster.adjust(kind, &key, Part::Main, MANAGER, |object| {
            if let Some(all) = object["metadata"]["ownerReferences"].as_array_mut() {
                all.retain(|r| r["uid"] != uid);
            }
        });
    }
    drop_finalizer(cluster, kind, key, "orphan");
}

fn foreground(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, owner: &Value) {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
    let mut blocked = false;
    for (kind, key) in cluster.store.dependents(uid) {
        let Some(object) = cluster.store.get(kind, &key) else { continue };
        blocked |= array(&object["metadata"]["ownerReferences"])
            .any(|r| r["uid"] == uid && r["blockOwnerDeletion"] == true);
        if object["metadata"]["deletionTimestamp"].is_null() {
            cluster.queue.push(Work::Garbage(kind, key));
        }
    }
    if !blocked {
        drop_finalizer(cluster, kind, key, "foregroundDeletion");
    }
}
