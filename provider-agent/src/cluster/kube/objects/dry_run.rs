//! What is asked of the API server to try a manifest, and the namespace in which it is tried: it has what a
//! lease's namespace has but a quota, and nothing is ever made in it.

use kube::core::{DynamicObject, GroupVersionKind, ObjectMeta, TypeMeta};
use serde_json::{Value, json};

use super::{Kind, Object, Subject, namespace, service_account, to_try};
use crate::{config::Cluster, model::scope::MarketScope};

/// An object to try.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its kind; none for a pod, which no lease has by itself.
    pub kind: Option<Kind>,
    /// Its name.
    pub name: String,
    /// The service that it is for, if it is for one.
    pub service: Option<String>,
    /// As it is sent.
    pub object: DynamicObject,
}

/// All that a manifest makes, and for each pod template a bare pod, in the namespace for dry runs. The
/// namespace itself, its limits and its service account do not depend on a manifest.
pub fn attempts(subject: &Subject<'_>) -> Vec<Attempt> {
    let constant = [Kind::Namespace, Kind::LimitRange, Kind::ServiceAccount];
    let objects = to_try(subject).into_iter().filter(|object| !constant.contains(&object.kind));
    objects.flat_map(|object| of_object(subject, object)).collect()
}

fn of_object(subject: &Subject<'_>, object: Object) -> Vec<Attempt> {
    let namespace = subject.scope.dry_run_namespace();
    let mut sent = object.dynamic(subject);
    sent.metadata.namespace = Some(namespace.clone());
    let pod = pod(&namespace, &object).map(|pod| Attempt {
        kind: None,
        name: object.name.clone(),
        service: object.service.clone(),
        object: pod,
    });
    let Object { kind, name, service, .. } = object;
    let object = Attempt { kind: Some(kind), name, service, object: sent };
    [Some(object), pod].into_iter().flatten().collect()
}

/// A pod of a workload. The claims that it mounts need not exist.
fn pod(namespace: &str, workload: &Object) -> Option<DynamicObject> {
    if !matches!(workload.kind, Kind::Deployment | Kind::StatefulSet) {
        return None;
    }
    let template = &workload.body["spec"]["template"];
    let gvk = GroupVersionKind::gvk("", "v1", "Pod");
    Some(DynamicObject {
        types: Some(TypeMeta { api_version: gvk.api_version(), kind: gvk.kind }),
        metadata: ObjectMeta {
            name: Some(workload.name.clone()),
            namespace: Some(namespace.to_owned()),
            labels: serde_json::from_value(template["metadata"]["labels"].clone()).ok(),
            annotations: serde_json::from_value(template["metadata"]["annotations"].clone()).ok(),
            ..ObjectMeta::default()
        },
        data: json!({ "spec": template["spec"] }),
    })
}

/// The namespace for dry runs and the service account of its pods. They have the labels of the agent's
/// objects, but none of a lease's.
pub fn dry_run_namespace_objects(
    scope: &MarketScope,
    cluster: &Cluster,
) -> [(Kind, DynamicObject); 2] {
    let name = scope.dry_run_namespace();
    let labels = scope.labels().map(|(key, value)| (key.to_owned(), value));
    let security = namespace::security(cluster).map(|(key, value)| (key.to_owned(), value));
    let account = service_account::service_account();
    let make = |kind: Kind, meta: ObjectMeta, data: Value| {
        let gvk = kind.gvk();
        let types = Some(TypeMeta { api_version: gvk.api_version(), kind: gvk.kind });
        (kind, DynamicObject { types, metadata: meta, data })
    };
    let of_namespace = ObjectMeta {
        name: Some(name.clone()),
        labels: Some(labels.clone().into_iter().chain(security).collect()),
        ..ObjectMeta::default()
    };
    let of_account = ObjectMeta {
        name: Some(account.name),
        namespace: Some(name),
        labels: Some(labels.into()),
        ..ObjectMeta::default()
    };
    [
        make(Kind::Namespace, of_namespace, json!({})),
        make(Kind::ServiceAccount, of_account, account.body),
    ]
}
