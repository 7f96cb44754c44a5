//! The values that the API server fills in, and those that a replacement keeps.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::kinds::Kind;

/// Sets a field that is absent.
fn or(object: &mut Value, field: &str, value: Value) {
    if let Some(map) = object.as_object_mut()
        && map.get(field).is_none_or(Value::is_null)
    {
        map.insert(field.to_owned(), value);
    }
}

fn part<'v>(object: &'v mut Value, field: &str) -> &'v mut Value {
    or(object, field, json!({}));
    &mut object[field]
}

fn items<'v>(object: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
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
    let strategy = part(spec, "updateStrategy");
    or(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        or(part(strategy, "rollingUpdate"), "partition", json!(0));
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

/// Defaults of a pod's spec, also inside templates.
pub fn pod_spec(spec: &mut Value) {
    or(spec, "restartPolicy", json!("Always"));
    or(spec, "terminationGracePeriodSeconds", json!(30));
    or(spec, "dnsPolicy", json!("ClusterFirst"));
    or(spec, "securityContext", json!({}));
    or(spec, "schedulerName", json!("default-scheduler"));
    // The deprecated name of the service account follows the current one.
    if let Some(account) = spec["serviceAccountName"].as_str().filter(|a| !a.is_empty()) {
        spec["serviceAccount"] = json!(account);
    }
    for list in ["initContainers", "containers"] {
        for container in items(spec, list) {
            container_defaults(container);
        }
    }
    for volume in items(spec, "volumes") {
        for source in ["secret", "configMap", "projected", "downwardAPI"] {
            if volume[source].is_object() {
                or(&mut volume[source], "defaultMode", json!(420));
            }
        }
        downward_items(volume);
        if let Some(projected) = volume.get_mut("projected") {
            items(projected, "sources").for_each(downward_items);
        }
        if volume["hostPath"].is_object() {
            or(&mut volume["hostPath"], "type", json!(""));
        }
        if volume.as_object().is_some_and(|v| v.len() == 1) {
            volume["emptyDir"] = json!({});
        }
    }
}

fn downward_items(holder: &mut Value) {
    if let Some(api) = holder.get_mut("downwardAPI") {
        items(api, "items").for_each(field_version);
    }
}

fn field_version(holder: &mut Value) {
    if holder["fieldRef"].is_object() {
        or(&mut holder["fieldRef"], "apiVersion", json!("v1"));
    }
}

fn container_defaults(container: &mut Value) {
    or(container, "terminationMessagePath", json!("/dev/termination-log"));
    or(container, "terminationMessagePolicy", json!("File"));
    let image = container["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    let latest = !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
    or(container, "imagePullPolicy", json!(if latest { "Always" } else { "IfNotPresent" }));
    or(container, "resources", json!({}));
    for port in items(container, "ports") {
        or(port, "protocol", json!("TCP"));
    }
    for variable in items(container, "env") {
        if variable["valueFrom"].is_object() {
            field_version(&mut variable["valueFrom"]);
        }
        // An empty value is none.
        if variable["value"] == ""
            && let Some(map) = variable.as_object_mut()
        {
            map.remove("value");
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container[probe].is_object() {
            let probe = &mut container[probe];
            for (field, value) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                or(probe, field, json!(value));
            }
            if probe["httpGet"].is_object() {
                or(&mut probe["httpGet"], "path", json!("/"));
                or(&mut probe["httpGet"], "scheme", json!("HTTP"));
            }
        }
    }
}

/// A pod that limits a resource and requests none of it requests as much; templates do not.
fn requests_from_limits(container: &mut Value) {
    let limits = container["resources"]["limits"].as_object().cloned().unwrap_or_default();
    for (resource, limit) in limits {
        or(part(&mut container["resources"], "requests"), &resource, limit);
    }
}

/// The class by which a pod is evicted under pressure.
pub fn quality_of_service(spec: &Value) -> &'static str {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| spec[*list].as_array().into_iter().flatten())
        .collect();
    let amount =
        |c: &Value, side: &str, r: &str| crate::quantity::nano_of(&c["resources"][side][r]);
    let asks = |c: &&Value| {
        ["cpu", "memory"].iter().any(|r| amount(c, "requests", r) > 0 || amount(c, "limits", r) > 0)
    };
    let guaranteed = |c: &&Value| {
        ["cpu", "memory"].iter().all(|r| {
            let limit = amount(c, "limits", r);
            limit > 0 && limit == amount(c, "requests", r)
        })
    };
    if !containers.iter().any(asks) {
        "BestEffort"
    } else if containers.iter().all(guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

/// Keeps what the cluster had allocated when a replacement leaves it out.
pub fn carry_over(kind: Kind, live: &Value, object: &mut Value) {
    match kind {
        Kind::Service => {
            let (old, new) = (&live["spec"], &mut object["spec"]);
            let same_world = (old["type"] == "ExternalName") == (new["type"] == "ExternalName");
            if same_world {
                for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                    if let Some(value) = old.get(field) {
                        or(new, field, value.clone());
                    }
                }
            }
            if new["type"] != "NodePort" && new["type"] != "LoadBalancer" {
                // Ports that were allocated go with the type that needed them.
                let before: Vec<&Value> =
                    old["ports"].as_array().into_iter().flatten().map(|p| &p["nodePort"]).collect();
                for port in items(new, "ports").filter_map(Value::as_object_mut) {
                    if port.get("nodePort").is_some_and(|p| before.contains(&p)) {
                        port.remove("nodePort");
                    }
                }
            }
            let wants_ports = new["type"] == "NodePort" || new["type"] == "LoadBalancer";
            if wants_ports && (old["type"] == "NodePort" || old["type"] == "LoadBalancer") {
                for port in items(new, "ports") {
                    let before = old["ports"].as_array().into_iter().flatten().find(|p| {
                        p["port"] == port["port"]
                            && p["protocol"].as_str().unwrap_or("TCP")
                                == port["protocol"].as_str().unwrap_or("TCP")
                    });
                    if let Some(number) = before.and_then(|p| p.get("nodePort")) {
                        or(port, "nodePort", number.clone());
                    }
                }
            }
        }
        Kind::PersistentVolumeClaim => {
            for field in ["volumeName", "storageClassName"] {
                if let Some(value) = live["spec"].get(field) {
                    or(&mut object["spec"], field, value.clone());
                }
            }
        }
        Kind::Pod => {
            for field in
                ["nodeName", "serviceAccountName", "serviceAccount", "priority", "preemptionPolicy"]
            {
                if let Some(value) = live["spec"].get(field) {
                    or(&mut object["spec"], field, value.clone());
                }
            }
        }
        Kind::Secret => {
            if let Some(kind) = live.get("type") {
                or(object, "type", kind.clone());
            }
        }
        _ => {}
    }
}
