//! A service's replicas: a StatefulSet if it has volumes that outlive pods, else a Deployment.

use serde_json::{Value, json};
use souk_sdl::ManifestService;

use super::{Kind, Object, Subject, pod, volumes};
use crate::model::names::object_name;

pub(super) fn build(subject: &Subject<'_>, service: &ManifestService, template: Value) -> Object {
    let name = object_name(&service.name, "");
    let replicas = if subject.running { service.count } else { 0 };
    let claims = volumes::claims(service, subject.cluster);
    let selector = json!({ "matchLabels": pod::selector(subject, service) });
    let (kind, spec) = if claims.is_empty() {
        (Kind::Deployment, deployment(replicas, selector, template))
    } else {
        (Kind::StatefulSet, stateful_set(&name, replicas, selector, template, claims))
    };
    Object::of_service(kind, name, &service.name, json!({ "spec": spec }))
}

fn deployment(replicas: u32, selector: Value, template: Value) -> Value {
    json!({
        "replicas": replicas,
        "revisionHistoryLimit": 1,
        "selector": selector,
        // There is room for what was paid for, and no surge beyond it.
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 },
        },
        "template": template,
    })
}

fn stateful_set(
    name: &str,
    replicas: u32,
    selector: Value,
    template: Value,
    claims: Vec<Value>,
) -> Value {
    json!({
        "replicas": replicas,
        "revisionHistoryLimit": 1,
        "serviceName": name,
        "podManagementPolicy": "Parallel",
        "selector": selector,
        "template": template,
        "volumeClaimTemplates": claims,
    })
}
