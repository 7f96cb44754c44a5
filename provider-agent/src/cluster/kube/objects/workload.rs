//! A service's replicas: one StatefulSet for each if they have volumes that outlive pods, else a
//! Deployment of all.
//!
//! A StatefulSet has one pod at most, whatever becomes of nodes, so that a volume never has two. Its name
//! and selector are the replica's, whose volumes stay when services are renamed, and it has no templates
//! of claims, which could not be changed.

use serde_json::{Value, json};
use souk_sdl::ManifestService;

use super::{Kind, Object, Subject, pod, volumes};
use crate::model::{
    labels,
    names::object_name,
    volumes::{Replica, VolumePlan},
};

pub(super) fn build(
    subject: &Subject<'_>,
    service: &ManifestService,
    template: Value,
    plan: &VolumePlan,
) -> Vec<Object> {
    let Some(replicas) = plan.replicas.get(&service.name) else {
        return vec![deployment(subject, service, template)];
    };
    let set = |replica: &Replica| stateful_set(subject, service, template.clone(), replica);
    replicas.iter().map(set).collect()
}

fn deployment(subject: &Subject<'_>, service: &ManifestService, template: Value) -> Object {
    let spec = json!({
        "replicas": if subject.running { service.count } else { 0 },
        "revisionHistoryLimit": 1,
        "selector": { "matchLabels": pod::selector(subject, service) },
        // There is room for what was paid for, and no surge beyond it.
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": { "maxSurge": 0, "maxUnavailable": 1 },
        },
        "template": template,
    });
    let name = object_name(&service.name, "");
    Object::of_service(Kind::Deployment, name, &service.name, json!({ "spec": spec }))
}

fn stateful_set(
    subject: &Subject<'_>,
    service: &ManifestService,
    mut template: Value,
    replica: &Replica,
) -> Object {
    let name = replica.name.as_str();
    let order = subject.order.to_string();
    if template.is_object() {
        template["metadata"]["labels"][labels::REPLICA] = json!(name);
        let mut all = volumes::of_pod(service);
        all.extend(volumes::of_replica(replica));
        if !all.is_empty() {
            template["spec"]["volumes"] = Value::Array(all);
        }
    }
    let spec = json!({
        "replicas": u32::from(subject.running),
        "revisionHistoryLimit": 1,
        "serviceName": name,
        "podManagementPolicy": "Parallel",
        "selector": { "matchLabels": { labels::ORDER: order, labels::REPLICA: name } },
        "template": template,
    });
    Object {
        labels: vec![(labels::REPLICA, name.to_owned())],
        ..Object::of_service(Kind::StatefulSet, name, &service.name, json!({ "spec": spec }))
    }
}
