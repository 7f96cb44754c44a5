//! Good objects of a cluster, as API servers write them: of a lease, of nodes, and of others.

use serde_json::{Value, json};
use souk_core::OrderId;
use souk_provider::model::{
    labels::{CLASS, ORDER, POOL, REPLICA, SERVICE, VOLUME},
    scope::MarketScope,
};

/// The lease that they are of.
pub const LEASE: OrderId = OrderId(7);

/// An object and the path where its kind is listed.
pub struct Good {
    pub path: &'static str,
    pub object: Value,
}

/// All kinds that the agent watches or lists.
pub fn all(scope: &MarketScope) -> Vec<Good> {
    let good = |path, object| Good { path, object };
    let mut all = vec![
        good("/api/v1/pods", pod(scope, "web-1", failed())),
        good("/api/v1/pods", pod(scope, "web-2", running())),
        good("/api/v1/pods", pod(scope, "web-3", evicted())),
        good("/api/v1/nodes", node("gpu-1", nvidia())),
        good("/api/v1/nodes", node("gpu-2", amd())),
        good("/api/v1/namespaces", namespace(scope)),
        good("/api/v1/services", service(scope)),
        good("/apis/apps/v1/deployments", workload(scope, "Deployment")),
        good("/apis/apps/v1/statefulsets", workload(scope, "StatefulSet")),
        good("/apis/networking.k8s.io/v1/ingresses", ingress(scope)),
        good("/api/v1/persistentvolumeclaims", claim(scope, "data-0", "db")),
        good("/apis/resource.k8s.io/v1/resourceslices", slice()),
    ];
    let metadata = [
        "/api/v1/resourcequotas",
        "/api/v1/limitranges",
        "/api/v1/serviceaccounts",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ];
    all.extend(metadata.map(|path| good(path, json!({ "metadata": meta(scope, "souk") }))));
    let namespace = scope.namespace(LEASE);
    // The path of a namespace's events is not known before.
    let events = Box::leak(format!("/api/v1/namespaces/{namespace}/events").into_boxed_str());
    all.push(good(events, event(&namespace)));
    all
}

fn meta(scope: &MarketScope, name: &str) -> Value {
    let mut labels: serde_json::Map<String, Value> =
        scope.labels().into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    labels.insert(ORDER.into(), json!(LEASE.to_string()));
    labels.insert(SERVICE.into(), json!("web"));
    let managed = json!([{ "manager": "souk-provider", "operation": "Apply", "apiVersion": "v1",
        "time": "2026-11-29T10:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": { "f:metadata": { "f:labels": { "f:souk.market/order": {} } }, "f:spec": {} } }]);
    json!({ "name": name, "namespace": scope.namespace(LEASE), "uid": "0f1e-1", "resourceVersion": "12",
        "generation": 3, "labels": labels, "managedFields": managed,
        "creationTimestamp": "2026-11-29T09:00:00Z", "annotations": { "a": "b" } })
}

fn pod(scope: &MarketScope, name: &str, status: Value) -> Value {
    let requests = json!({ "cpu": "1500m", "memory": "512Mi", "ephemeral-storage": "1Gi", "nvidia.com/gpu": "2" });
    json!({ "metadata": meta(scope, name), "spec": { "nodeName": "gpu-1", "overhead": { "cpu": "10m" },
        "initContainers": [{ "name": "setup", "image": "setup", "restartPolicy": "Always",
            "resources": { "requests": { "cpu": "50m" } } }],
        "containers": [{ "name": "web", "image": "web:1",
            "resources": { "limits": requests, "requests": requests } }],
        "resources": { "requests": { "cpu": "2", "memory": "1Gi" } } }, "status": status })
}

fn container(name: &str, state: Value, last: Value) -> Value {
    json!({ "name": name, "image": "web", "imageID": "", "ready": true, "restartCount": 3,
        "containerID": "containerd://a", "state": state, "lastState": last,
        "allocatedResources": { "cpu": "1500m", "memory": "512Mi" },
        "resources": { "requests": { "cpu": "1", "memory": "256Mi" } } })
}

fn ended(code: i32, reason: &str) -> Value {
    json!({ "terminated": { "exitCode": code, "reason": reason, "message": "it ended", "containerID": "containerd://b",
        "startedAt": "2026-11-29T09:59:00Z", "finishedAt": "2026-11-29T10:00:00Z" } })
}

fn failed() -> Value {
    let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff",
        "message": "back-off 8s restarting failed container=web pod=web-1_souk-x-7(1)" } });
    json!({ "phase": "Running", "conditions": [
        { "type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "not ready" },
        { "type": "PodScheduled", "status": "True" }],
        "initContainerStatuses": [container("setup", ended(0, "Completed"), json!({}))],
        "containerStatuses": [container("web", waiting, ended(137, "OOMKilled"))] })
}

fn running() -> Value {
    json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
        "allocatedResources": { "cpu": "2" }, "resources": { "requests": { "memory": "2Gi" } },
        "containerStatuses": [container("web", json!({ "running": {} }), json!({}))] })
}

fn evicted() -> Value {
    json!({ "phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi.",
        "containerStatuses": [container("web", ended(137, "Error"), json!({}))] })
}

fn node(name: &str, (labels, resource): (Value, &str)) -> Value {
    let amounts = json!({ "cpu": "64", "memory": "512Gi", "ephemeral-storage": "1Ti", "pods": "110", resource: "8" });
    json!({ "metadata": { "name": name, "labels": labels, "resourceVersion": "9" },
        "spec": { "unschedulable": false, "taints": [
            { "key": "nvidia.com/gpu", "effect": "NoSchedule" }, { "key": "amd.com/gpu", "effect": "NoSchedule" }] },
        "status": { "capacity": amounts, "allocatable": amounts,
            "conditions": [{ "type": "Ready", "status": "True" }, { "type": "DiskPressure", "status": "False" }],
            "runtimeHandlers": [{ "name": "", "features": { "userNamespaces": true } }] } })
}

fn nvidia() -> (Value, &'static str) {
    let labels = json!({ "kubernetes.io/arch": "amd64", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "nvidia.com/gpu.count": "8", "nvidia.com/gpu.memory": "81559", "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.sharing-strategy": "none", "nvidia.com/mig.capable": "true",
        "nvidia.com/mig.config": "all-disabled", "nvidia.com/mig.config.state": "success",
        "nvidia.com/gpu.family": "hopper", "nvidia.com/vgpu.present": "false" });
    (labels, "nvidia.com/gpu")
}

fn amd() -> (Value, &'static str) {
    let labels = json!({ "amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM", "amd.com/gpu.device-id": "74a1",
        "amd.com/gpu.vram": "192G", "amd.com/gpu.74a1": "8", "amd.com/gpu.family": "AI",
        "amd.com/compute-memory-partition": "spx_nps1", "amd.com/compute-partitioning-supported": "true" });
    (labels, "amd.com/gpu")
}

fn namespace(scope: &MarketScope) -> Value {
    let mut metadata = meta(scope, &scope.namespace(LEASE));
    metadata["namespace"] = Value::Null;
    metadata["deletionTimestamp"] = json!("2026-11-29T11:00:00Z");
    metadata["finalizers"] = json!(["example.com/hold"]);
    metadata["annotations"]["souk.market/secrets"] =
        json!(r#"{"web-env":{"service":"web","digest":"00000000000000ff"}}"#);
    json!({ "metadata": metadata, "status": { "phase": "Terminating", "conditions": [
        { "type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining" }] } })
}

fn service(scope: &MarketScope) -> Value {
    json!({ "metadata": meta(scope, "web-np"), "spec": { "type": "LoadBalancer", "ports": [
        { "name": "http-80", "port": 80, "nodePort": 30080, "protocol": "TCP", "targetPort": "http-80" },
        { "port": 53, "nodePort": 30053, "protocol": "UDP", "targetPort": 53 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.7", "hostname": "lb.example.com" }] } } })
}

fn workload(scope: &MarketScope, kind: &str) -> Value {
    let template = json!({ "metadata": { "labels": { "a": "b" } },
        "spec": { "containers": [{ "name": "web", "image": "web:1" }] } });
    let spec = json!({ "replicas": 2, "serviceName": "web", "selector": { "matchLabels": { "a": "b" } }, "template": template });
    json!({ "kind": kind, "apiVersion": "apps/v1", "metadata": meta(scope, "web"), "spec": spec,
        "status": { "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "observedGeneration": 3 } })
}

fn ingress(scope: &MarketScope) -> Value {
    let backend = json!({ "service": { "name": "web", "port": { "name": "http-80" } } });
    let http = json!({ "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] });
    json!({ "metadata": meta(scope, "shop"), "spec": { "ingressClassName": "nginx", "rules": [
        { "host": "shop.example.org", "http": http }, { "host": "*.example.org", "http": http }] } })
}

/// A claim for a volume of a replica of the service `db`.
pub fn claim(scope: &MarketScope, name: &str, replica: &str) -> Value {
    let mut metadata = meta(scope, name);
    let labels =
        [(REPLICA, replica), (VOLUME, "data"), (SERVICE, "db"), (CLASS, "default"), (POOL, "pool")];
    for (key, value) in labels {
        metadata["labels"][key] = json!(value);
    }
    json!({ "metadata": metadata, "spec": { "storageClassName": "standard", "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": "1Gi" } } }, "status": { "phase": "Bound" } })
}

fn slice() -> Value {
    json!({ "metadata": { "name": "s" }, "spec": { "driver": "gpu.nvidia.com", "nodeName": "gpu-1",
        "pool": { "name": "p", "generation": 1, "resourceSliceCount": 1 }, "devices": [] } })
}

fn event(namespace: &str) -> Value {
    json!({ "metadata": { "name": "web-1.17", "namespace": namespace, "resourceVersion": "13" },
        "involvedObject": { "kind": "Pod", "name": "web-1" }, "type": "Warning", "reason": "BackOff",
        "message": "Back-off restarting failed container", "count": 12,
        "lastTimestamp": "2026-11-29T10:00:00Z", "eventTime": "2026-11-29T10:00:00.000001Z" })
}
