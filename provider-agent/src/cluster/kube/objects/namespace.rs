//! The lease's own namespace, with the pod security level that it enforces.

use serde_json::json;

use super::{Kind, Object, Subject};
use crate::config::Cluster;

pub(super) fn build(subject: &Subject<'_>) -> Object {
    Object {
        labels: security(subject.cluster).into(),
        ..Object::new(Kind::Namespace, subject.namespace(), json!({}))
    }
}

/// The labels of the pod security level that is enforced.
pub(super) fn security(cluster: &Cluster) -> [(&'static str, String); 2] {
    let level = cluster.pod_security.as_str().to_owned();
    [
        ("pod-security.kubernetes.io/enforce", level.clone()),
        ("pod-security.kubernetes.io/warn", level),
    ]
}
