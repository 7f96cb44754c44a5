//! Objects that a workload controls: finding, adopting, and the reference to their owner.

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    apply::Part,
    cluster::Cluster,
    conditions,
    kinds::Kind,
    selector::LabelSelector,
    store::{Object, ObjectKey, controller_uid},
    validate::array,
};

/// The reference that a controlled object carries.
pub fn reference(kind: Kind, owner: &Value) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.info().kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The objects of a kind that a workload controls; ones that its selector matches and that
/// have no controller are adopted.
pub fn children(cluster: &mut Cluster, kind: Kind, owner: &Value, child: Kind) -> Vec<Object> {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let namespace = owner["metadata"]["namespace"].as_str().unwrap_or_default();
    let selector = LabelSelector::of_object(&owner["spec"]["selector"]);
    let leaving = !owner["metadata"]["deletionTimestamp"].is_null();
    let mut found = Vec::new();
    let mut orphans: Vec<ObjectKey> = Vec::new();
    for (key, object) in cluster.store.within(child, namespace) {
        match controller_uid(object) {
            Some(of) if of == uid => found.push(object.clone()),
            None if !leaving && object["metadata"]["deletionTimestamp"].is_null() => {
                let labels = &object["metadata"]["labels"];
                if selector.as_ref().is_some_and(|s| !s.is_empty() && s.matches(labels)) {
                    orphans.push(key.clone());
                }
            }
            _ => {}
        }
    }
    for key in orphans {
        let reference = reference(kind, owner);
        let adopted = cluster.adjust(child, &key, Part::Main, MANAGER, |object| {
            let mut all: Vec<Value> =
                array(&object["metadata"]["ownerReferences"]).cloned().collect();
            all.push(reference);
            object["metadata"]["ownerReferences"] = json!(all);
        });
        found.extend(adopted);
    }
    found
}

/// Whether a pod counts for its workload.
pub fn is_active(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
        && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// Whether a pod is on its way out and not there yet.
pub fn is_terminating(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
        && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    conditions::is_true(&pod["status"], "Ready")
}

/// A pod from a template, without name.
pub fn from_template(template: &Value, kind: Kind, owner: &Value) -> Value {
    json!({
        "metadata": {
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
            "finalizers": template["metadata"]["finalizers"],
            "ownerReferences": [reference(kind, owner)],
        },
        "spec": template["spec"],
    })
}
