//! The lease's own namespace, with the pod security level that it enforces.

use serde_json::json;

use super::{Kind, Object, Subject};

pub(super) fn build(subject: &Subject<'_>) -> Object {
    let level = subject.cluster.pod_security.as_str().to_owned();
    Object {
        labels: vec![
            ("pod-security.kubernetes.io/enforce", level.clone()),
            ("pod-security.kubernetes.io/warn", level),
        ],
        ..Object::new(Kind::Namespace, subject.namespace(), json!({}))
    }
}
