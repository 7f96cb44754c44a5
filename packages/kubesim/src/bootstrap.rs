//! What a cluster has from the start: namespaces, nodes and classes.

use serde_json::{Map, Value, json};

use crate::{
    cluster::Cluster,
    error::ApiError,
    kinds::Kind,
    kubelet::node_status,
    registry::WriteOptions,
    spec::{ClusterSpec, NodeSpec},
};

/// Kubernetes version that the API server says it is.
pub const VERSION: &str = "v1.36.0+kubesim";

/// Fills a new cluster.
pub fn fill(cluster: &mut Cluster) -> Result<(), ApiError> {
    let options = WriteOptions::system("kubesim");
    let spec = cluster.spec.clone();
    for (kind, body) in cluster_objects(&spec) {
        cluster.create(kind, "", body, &options)?;
    }
    let api = json!({
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "clusterIP": "10.96.0.1",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    });
    cluster.create(Kind::Service, "default", api, &options)?;
    let dns = json!({
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns"}},
        "spec": {
            "clusterIP": "10.96.0.10",
            "selector": {"k8s-app": "kube-dns"},
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
            ],
        },
    });
    cluster.create(Kind::Service, "kube-system", dns, &options)?;
    Ok(())
}

fn cluster_objects(spec: &ClusterSpec) -> Vec<(Kind, Value)> {
    let mut objects = Vec::new();
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        objects.push((Kind::Namespace, json!({"metadata": {"name": name}})));
    }
    for (name, value) in
        [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        objects.push((Kind::PriorityClass, json!({"metadata": {"name": name}, "value": value})));
    }
    let mut number = 0;
    for node in &spec.nodes {
        for i in 1..=node.count {
            number += 1;
            let name =
                if node.count == 1 { node.name.clone() } else { format!("{}-{i}", node.name) };
            objects.push((Kind::Node, self::node(node, &name, number)));
        }
    }
    for class in &spec.storage_classes {
        let mut body = json!({
            "metadata": {"name": class.name},
            "provisioner": "kubesim.souk.market/simulated",
            "reclaimPolicy": if class.retain { "Retain" } else { "Delete" },
            "volumeBindingMode": if class.wait_for_first_consumer { "WaitForFirstConsumer" } else { "Immediate" },
            "allowVolumeExpansion": class.allow_expansion,
        });
        if class.default {
            body["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] =
                json!("true");
        }
        if !class.parameters.is_empty() {
            body["parameters"] = json!(class.parameters);
        }
        objects.push((Kind::StorageClass, body));
    }
    for class in &spec.ingress_classes {
        let mut body = json!({
            "metadata": {"name": class.name},
            "spec": {
                "controller": class.controller.as_deref().unwrap_or("kubesim.souk.market/simulated"),
            },
        });
        if class.default {
            body["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] =
                json!("true");
        }
        objects.push((Kind::IngressClass, body));
    }
    for name in &spec.runtime_classes {
        objects.push((Kind::RuntimeClass, json!({"metadata": {"name": name}, "handler": name})));
    }
    objects
}

fn node(spec: &NodeSpec, name: &str, number: u32) -> Value {
    let mut labels: Map<String, Value> = [
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/hostname", name),
    ]
    .map(|(k, v)| (k.to_owned(), json!(v)))
    .into_iter()
    .collect();
    labels.extend(spec.labels.iter().map(|(k, v)| (k.clone(), json!(v))));
    let mut allocatable: Map<String, Value> =
        spec.allocatable.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    allocatable.entry("pods").or_insert(json!("110"));
    let mut capacity = allocatable.clone();
    capacity.extend(spec.capacity.iter().map(|(k, v)| (k.clone(), json!(v))));
    let mut body = json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "podCIDR": format!("10.{}.{}.0/24", 244 + (number >> 8), number & 255),
            "providerID": format!("kubesim://{name}"),
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": format!("172.20.{}.{}", number >> 8, number & 255)},
                {"type": "Hostname", "address": name},
            ],
            "allocatable": allocatable,
            "capacity": capacity,
            "conditions": node_status(spec.ready),
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "simulated://0",
                "kernelVersion": "simulated",
                "kubeProxyVersion": "",
                "kubeletVersion": VERSION,
                "machineID": name,
                "operatingSystem": "linux",
                "osImage": "simulated",
                "systemUUID": name,
            },
        },
    });
    if !spec.taints.is_empty() {
        body["spec"]["taints"] = json!(spec.taints);
    }
    if spec.unschedulable {
        body["spec"]["unschedulable"] = json!(true);
    }
    body
}
