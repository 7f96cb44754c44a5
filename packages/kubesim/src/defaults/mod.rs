//! The values that the API server fills in (`pod` for pods and templates), and those that a
//! replacement keeps (`carry_over`).

mod carry_over;
mod fields;
mod pod;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::kinds::Kind;
use fields::{items, or, part};
use pod::{pod_spec, requests_from_limits};

pub use carry_over::carry_over;
pub use pod::quality_of_service;

/// What every object of a kind has before anything is set: fields that are written although empty.
pub fn blank(kind: Kind) -> Value {
    match kind {
        Kind::StatefulSet => json!({"spec": {"serviceName": ""}}),
        Kind::NetworkPolicy => json!({"spec": {"podSelector": {}}}),
        Kind::ResourceQuota => json!({"spec": {}}),
        _ => json!({}),
    }
}

/// Fills in what the object leaves open.
pub fn fill(kind: Kind, object: &mut Value) {
    if kind.info().status {
        or(object, "status", json!({}));
    }
    match kind {
        Kind::Namespace => {
            or(object, "spec", json!({}));
            let deleted = !object["metadata"]["deletionTimestamp"].is_null();
            if !deleted {
                or(&mut object["spec"], "finalizers", json!(["kubernetes"]));
                let name = object["metadata"]["name"].clone();
                or(part(&mut object["metadata"], "labels"), "kubernetes.io/metadata.name", name);
                or(part(object, "status"), "phase", json!("Active"));
            }
        }
        Kind::Pod => {
            pod_spec(part(object, "spec"));
            or(&mut object["spec"], "enableServiceLinks", json!(true));
            for list in ["initContainers", "containers"] {
                items(&mut object["spec"], list).for_each(requests_from_limits);
            }
            or(part(object, "status"), "phase", json!("Pending"));
        }
        Kind::Deployment => deployment(part(object, "spec")),
        Kind::ReplicaSet => {
            let spec = part(object, "spec");
            or(spec, "replicas", json!(1));
            pod_spec(part(part(spec, "template"), "spec"));
        }
        Kind::StatefulSet => stateful_set(part(object, "spec")),
        Kind::Service => {
            service(part(object, "spec"));
            or(part(object, "status"), "loadBalancer", json!({}));
        }
        Kind::Ingress => or(part(object, "status"), "loadBalancer", json!({})),
        Kind::Secret => {
            fold_string_data(object);
            or(object, "type", json!("Opaque"));
        }
        Kind::PersistentVolumeClaim => {
            claim_spec(part(object, "spec"));
            or(part(object, "status"), "phase", json!("Pending"));
        }
        Kind::PersistentVolume => {
            let spec = part(object, "spec");
            or(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
            or(spec, "volumeMode", json!("Filesystem"));
            if spec["hostPath"].is_object() {
                or(&mut spec["hostPath"], "type", json!(""));
            }
            or(part(object, "status"), "phase", json!("Pending"));
        }
        Kind::StorageClass => {
            or(object, "reclaimPolicy", json!("Delete"));
            or(object, "volumeBindingMode", json!("Immediate"));
        }
        Kind::NetworkPolicy => network_policy(part(object, "spec")),
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            or(part(object, "roleRef"), "apiGroup", json!("rbac.authorization.k8s.io"));
            for subject in items(object, "subjects") {
                if subject["kind"] != "ServiceAccount" {
                    or(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
                }
            }
        }
        Kind::LimitRange => limit_range(part(object, "spec")),
        _ => {}
    }
}

/// Folds the write-only `stringData` into `data`.
fn fold_string_data(secret: &mut Value) {
    let Some(Value::Object(given)) = secret.as_object_mut().and_then(|m| m.remove("stringData"))
    else {
        return;
    };
    let data = part(secret, "data");
    for (name, value) in given {
        data[name] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
    }
}

fn deployment(spec: &mut Value) {
    or(spec, "replicas", json!(1));
    or(spec, "revisionHistoryLimit", json!(10));
    or(spec, "progressDeadlineSeconds", json!(600));
    let strategy = part(spec, "strategy");
    or(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = part(strategy, "rollingUpdate");
        or(rolling, "maxSurge", json!("25%"));
        or(rolling, "maxUnavailable", json!("25%"));
    }
    pod_spec(part(part(spec, "template"), "spec"));
}

fn stateful_set(spec: &mut Value) {
    or(spec, "replicas", json!(1));
    or(spec, "revisionHistoryLimit", json!(10));
    or(spec, "podManagementPolicy", json!("OrderedReady"));
    or(spec, "serviceName", json!(""));
    let strategy = part(spec, "updateStrategy");
    if strategy["type"].as_str().is_none_or(str::is_empty) {
        strategy["type"] = json!("RollingUpdate");
        or(strategy, "rollingUpdate", json!({}));
    }
    if strategy["type"] == "RollingUpdate" && strategy["rollingUpdate"].is_object() {
        or(&mut strategy["rollingUpdate"], "partition", json!(0));
    }
    let retention = part(spec, "persistentVolumeClaimRetentionPolicy");
    or(retention, "whenDeleted", json!("Retain"));
    or(retention, "whenScaled", json!("Retain"));
    pod_spec(part(part(spec, "template"), "spec"));
    for claim in items(spec, "volumeClaimTemplates") {
        or(claim, "apiVersion", json!("v1"));
        or(claim, "kind", json!("PersistentVolumeClaim"));
        claim_spec(part(claim, "spec"));
        or(part(claim, "status"), "phase", json!("Pending"));
    }
}

fn claim_spec(spec: &mut Value) {
    or(spec, "volumeMode", json!("Filesystem"));
}

fn service(spec: &mut Value) {
    or(spec, "sessionAffinity", json!("None"));
    or(spec, "type", json!("ClusterIP"));
    if spec["sessionAffinity"] == "ClientIP" {
        or(part(part(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", json!(10_800));
    } else if let Some(spec) = spec.as_object_mut() {
        spec.remove("sessionAffinityConfig");
    }
    if spec["type"] != "ExternalName" {
        or(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" {
        or(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "LoadBalancer" {
        or(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    for port in items(spec, "ports") {
        or(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        or(port, "targetPort", number);
    }
}

fn network_policy(spec: &mut Value) {
    or(spec, "podSelector", json!({}));
    let egress = spec["egress"].as_array().is_some_and(|e| !e.is_empty());
    or(spec, "policyTypes", if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) });
    for direction in ["ingress", "egress"] {
        for rule in items(spec, direction) {
            for port in items(rule, "ports") {
                or(port, "protocol", json!("TCP"));
            }
        }
    }
}

fn limit_range(spec: &mut Value) {
    for limit in items(spec, "limits") {
        if limit["type"] != "Container" {
            continue;
        }
        for (from, to) in
            [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")]
        {
            let values: Map<String, Value> = limit[from].as_object().cloned().unwrap_or_default();
            for (name, value) in values {
                or(part(limit, to), &name, value);
            }
        }
    }
}
