//! Namespaces: what a new one gets, and the emptying of one that is deleted.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    apply::Part,
    cluster::Cluster,
    conditions,
    kinds::Kind,
    registry::{DeleteOptions, WriteOptions},
    store::ObjectKey,
    validate::array,
};

pub fn reconcile(cluster: &mut Cluster, name: &str) -> Option<Duration> {
    let key = ObjectKey::new("", name);
    let namespace = cluster.store.get(Kind::Namespace, &key)?.clone();
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        furnish(cluster, name);
        return None;
    }
    if !array(&namespace["spec"]["finalizers"]).any(|f| f == "kubernetes") {
        return None;
    }
    let mut rest = Rest::default();
    empty(cluster, name, Kind::Pod, &mut rest);
    if !rest.left.is_empty() {
        // Everything else waits for the pods, and what was counted is not reported: since Kubernetes 1.34
        // the conditions say meanwhile that all is removed.
        report(cluster, &key, &Rest::default());
        return Some(Duration::from_secs(1));
    }
    for kind in Kind::ALL.iter().copied().filter(|kind| kind.namespaced()) {
        empty(cluster, name, kind, &mut rest);
    }
    if rest.left.is_empty() {
        cluster.adjust(Kind::Namespace, &key, Part::Main, MANAGER, |namespace| {
            if let Some(all) = namespace["spec"]["finalizers"].as_array_mut() {
                all.retain(|f| f != "kubernetes");
            }
        });
        return None;
    }
    report(cluster, &key, &rest);
    // The end of the last object leads here; this is for what ends without one.
    Some(Duration::from_secs(1))
}

/// What is left in a namespace: objects by kind, and finalizers.
#[derive(Default)]
struct Rest {
    left: BTreeMap<String, i32>,
    held: BTreeMap<String, i32>,
}

/// Deletes the objects of a kind, and counts what stays.
fn empty(cluster: &mut Cluster, name: &str, kind: Kind, rest: &mut Rest) {
    let keys: Vec<ObjectKey> = cluster.store.within(kind, name).map(|(k, _)| k.clone()).collect();
    for key in keys {
        let waits = cluster
            .store
            .get(kind, &key)
            .is_some_and(|o| !o["metadata"]["deletionTimestamp"].is_null());
        if !waits && let Err(why) = cluster.delete(kind, &key, &DeleteOptions::default()) {
            tracing::debug!(%why, "content not deleted");
        }
        if let Some(object) = cluster.store.get(kind, &key) {
            *rest.left.entry(kind.qualified()).or_insert(0) += 1;
            for finalizer in array(&object["metadata"]["finalizers"]).filter_map(Value::as_str) {
                *rest.held.entry(finalizer.to_owned()).or_insert(0) += 1;
            }
        }
    }
}

fn report(cluster: &mut Cluster, key: &ObjectKey, rest: &Rest) {
    let Rest { left, held } = rest;
    let list = |what: &BTreeMap<String, i32>, text: &str| {
        let parts: Vec<String> =
            what.iter().map(|(n, c)| format!("{n} {text} {c} resource instances")).collect();
        parts.join(", ")
    };
    cluster.adjust(Kind::Namespace, key, Part::Status, MANAGER, |namespace| {
        let status = &mut namespace["status"];
        for (kind, reason, message) in [
            (
                "NamespaceDeletionDiscoveryFailure",
                "ResourcesDiscovered",
                "All resources successfully discovered",
            ),
            (
                "NamespaceDeletionGroupVersionParsingFailure",
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed",
            ),
            (
                "NamespaceDeletionContentFailure",
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
            ),
        ] {
            conditions::set(status, kind, false, reason, message);
        }
        if left.is_empty() {
            let message = "All content successfully removed";
            conditions::set(status, "NamespaceContentRemaining", false, "ContentRemoved", message);
        } else {
            let message = format!("Some resources are remaining: {}", list(left, "has"));
            let reason = "SomeResourcesRemain";
            conditions::set(status, "NamespaceContentRemaining", true, reason, &message);
        }
        if held.is_empty() {
            let message = "All content-preserving finalizers finished";
            conditions::set(
                status,
                "NamespaceFinalizersRemaining",
                false,
                "ContentHasNoFinalizers",
                message,
            );
        } else {
            let message = format!(
                "Some content in the namespace has finalizers remaining: {}",
                list(held, "in")
            );
            conditions::set(
                status,
                "NamespaceFinalizersRemaining",
                true,
                "SomeFinalizersRemain",
                &message,
            );
        }
    });
}

/// Every namespace has a default service account and the cluster's certificate.
fn furnish(cluster: &mut Cluster, name: &str) {
    let options = WriteOptions::system(MANAGER);
    let contents = [
        (Kind::ServiceAccount, json!({"metadata": {"name": "default"}})),
        (
            Kind::ConfigMap,
            json!({
                "metadata": {
                    "name": "kube-root-ca.crt",
                    "annotations": {"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."},
                },
                "data": {"ca.crt": "simulated cluster: no certificate\n"},
            }),
        ),
    ];
    for (kind, body) in contents {
        let key = ObjectKey::new(name, body["metadata"]["name"].as_str().unwrap_or_default());
        if cluster.store.get(kind, &key).is_none()
            && let Err(why) = cluster.create(kind, name, body, &options)
        {
            tracing::debug!(%why, "namespace not furnished");
        }
    }
}
