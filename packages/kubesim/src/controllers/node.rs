//! Nodes: taints that follow from their state, and the pods of a node that is gone.

use std::time::Duration;

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    apply::Part, cluster::Cluster, conditions, kinds::Kind, registry::DeleteOptions,
    store::ObjectKey, validate::array,
};

const CORDONED: &str = "node.kubernetes.io/unschedulable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub fn reconcile(cluster: &mut Cluster, name: &str) -> Option<Duration> {
    let key = ObjectKey::new("", name);
    let Some(node) = cluster.store.get(Kind::Node, &key).cloned() else {
        let stranded: Vec<ObjectKey> = cluster
            .store
            .all(Kind::Pod)
            .filter(|(_, p)| p["spec"]["nodeName"] == name)
            .map(|(k, _)| k.clone())
            .collect();
        let now = DeleteOptions { grace: Some(0), ..DeleteOptions::default() };
        for pod in stranded {
            // Gone already is as good.
            let _ = cluster.delete(Kind::Pod, &pod, &now);
        }
        return None;
    };
    let mut taints: Vec<Value> = array(&node["spec"]["taints"])
        .filter(|t| t["key"] != CORDONED && t["key"] != NOT_READY)
        .cloned()
        .collect();
    if node["spec"]["unschedulable"] == true {
        taints.push(json!({"key": CORDONED, "effect": "NoSchedule"}));
    }
    if !conditions::is_true(&node["status"], "Ready") {
        taints.push(json!({"key": NOT_READY, "effect": "NoSchedule"}));
    }
    cluster.adjust(Kind::Node, &key, Part::Main, MANAGER, |node| {
        if taints.is_empty() {
            if let Some(spec) = node["spec"].as_object_mut() {
                spec.remove("taints");
            }
        } else {
            node["spec"]["taints"] = json!(taints);
        }
    });
    None
}
