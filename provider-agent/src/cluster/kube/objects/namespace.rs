//! Namespaces, with the pod security level that they enforce: a lease's, and the agent's own.

use k8s_openapi::api::core::v1::Namespace;
use kube::core::ObjectMeta;
use serde_json::json;

use super::{Kind, Object, Subject};
use crate::{
    config::{Cluster, PodSecurity},
    model::{labels::ENFORCED, scope::MarketScope},
};

pub(super) fn build(subject: &Subject<'_>) -> Object {
    Object {
        labels: security(subject.cluster).into(),
        ..Object::new(Kind::Namespace, subject.namespace(), json!({}))
    }
}

/// The labels of the pod security level that is enforced.
pub(super) fn security(cluster: &Cluster) -> [(&'static str, String); 2] {
    let level = cluster.pod_security.as_str().to_owned();
    [(ENFORCED, level.clone()), ("pod-security.kubernetes.io/warn", level)]
}

/// A namespace of the agent's own, which is no lease's.
pub fn of_agent(scope: &MarketScope, name: &str, level: PodSecurity) -> Namespace {
    let labels = scope.labels().map(|(key, value)| (key.to_owned(), value));
    let level = (ENFORCED.to_owned(), level.as_str().to_owned());
    let labels = labels.into_iter().chain([level]).collect();
    let metadata =
        ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..ObjectMeta::default() };
    Namespace { metadata, ..Namespace::default() }
}
