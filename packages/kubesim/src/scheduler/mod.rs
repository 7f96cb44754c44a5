//! Puts pods on nodes: filters by what the pod demands, then prefers the least loaded.

mod filter;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    apply::Part,
    cluster::Cluster,
    conditions,
    events::Recorder,
    kinds::Kind,
    requests::{claims, pod_requests},
    store::ObjectKey,
};

const SCHEDULER: &str = "kube-scheduler";

/// Tries to put a pod on a node; an unschedulable one says why and waits for changes.
pub fn schedule(cluster: &mut Cluster, key: &ObjectKey) {
    let Some(pod) = cluster.store.get(Kind::Pod, key).cloned() else {
        cluster.queue.unschedulable.remove(key);
        return;
    };
    let spec = &pod["spec"];
    let bound = spec["nodeName"].as_str().is_some_and(|n| !n.is_empty());
    let leaving = !pod["metadata"]["deletionTimestamp"].is_null();
    if bound || leaving || spec["schedulerName"] != "default-scheduler" {
        cluster.queue.unschedulable.remove(key);
        return;
    }
    if let Some(why) = volumes(cluster, &pod) {
        let total = cluster.store.all(Kind::Node).count();
        let message = format!(
            "0/{total} nodes are available: {why}. preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
        );
        return refuse(cluster, key, &pod, message);
    }
    let wants = pod_requests(spec);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut best: Option<(f64, String)> = None;
    let mut total = 0;
    let mut helpless = 0;
    for (node_key, node) in cluster.store.all(Kind::Node) {
        total += 1;
        let used = cluster.usage.of(&node_key.name);
        match filter::refusals(&pod, &wants, node, used) {
            Ok(()) => {
                let score = filter::score(&pod, &wants, node, used);
                if best.as_ref().is_none_or(|(b, _)| score > *b) {
                    best = Some((score, node_key.name.clone()));
                }
            }
            Err(found) => {
                helpless += usize::from(!found.iter().any(|r| r.starts_with("Insufficient")));
                for reason in found {
                    *reasons.entry(reason).or_default() += 1;
                }
            }
        }
    }
    match best {
        Some((_, node)) => bind(cluster, key, &pod, &node),
        None => {
            let message = no_node(total, &reasons, helpless);
            refuse(cluster, key, &pod, message);
        }
    }
}

fn no_node(total: usize, reasons: &BTreeMap<String, usize>, helpless: usize) -> String {
    if total == 0 {
        return "no nodes available to schedule pods".into();
    }
    let mut list: Vec<String> = reasons.iter().map(|(r, n)| format!("{n} {r}")).collect();
    list.sort();
    let mut preemption = Vec::new();
    if total > helpless {
        preemption
            .push(format!("{} No preemption victims found for incoming pod", total - helpless));
    }
    if helpless > 0 {
        preemption.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    format!(
        "0/{total} nodes are available: {}. no new claims to deallocate, preemption: 0/{total} nodes are available: {}.",
        list.join(", "),
        preemption.join(", ")
    )
}

/// Why the pod's claims keep it from being scheduled on any node.
fn volumes(cluster: &Cluster, pod: &Value) -> Option<String> {
    for key in claims(pod) {
        let Some(claim) = cluster.store.get(Kind::PersistentVolumeClaim, &key) else {
            return Some(format!("persistentvolumeclaim {:?} not found", key.name));
        };
        if !claim["metadata"]["deletionTimestamp"].is_null() {
            return Some(format!("persistentvolumeclaim {:?} is being deleted", key.name));
        }
        if claim["status"]["phase"] != "Bound" && !waits_for_consumer(cluster, claim) {
            return Some("pod has unbound immediate PersistentVolumeClaims".into());
        }
    }
    None
}

fn waits_for_consumer(cluster: &Cluster, claim: &Value) -> bool {
    let class = ObjectKey::new("", claim["spec"]["storageClassName"].as_str().unwrap_or_default());
    let class = cluster.store.get(Kind::StorageClass, &class);
    class.is_some_and(|c| c["volumeBindingMode"] == "WaitForFirstConsumer")
}

fn bind(cluster: &mut Cluster, key: &ObjectKey, pod: &Value, node: &str) {
    let unbound: Vec<ObjectKey> = claims(pod)
        .into_iter()
        .filter(|k| {
            let claim = cluster.store.get(Kind::PersistentVolumeClaim, k);
            claim.is_some_and(|c| c["status"]["phase"] != "Bound")
        })
        .collect();
    if !unbound.is_empty() {
        // The claims come first; their binding brings the pod back here.
        for claim in unbound {
            cluster.adjust(Kind::PersistentVolumeClaim, &claim, Part::Main, SCHEDULER, |c| {
                c["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = json!(node);
            });
        }
        cluster.queue.unschedulable.insert(key.clone());
        return;
    }
    cluster.queue.unschedulable.remove(key);
    cluster.adjust(Kind::Pod, key, Part::Main, SCHEDULER, |pod| {
        pod["spec"]["nodeName"] = json!(node);
    });
    cluster.adjust(Kind::Pod, key, Part::Status, SCHEDULER, |pod| {
        conditions::set(&mut pod["status"], "PodScheduled", true, "", "");
    });
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    Recorder::new(Kind::Pod, pod, SCHEDULER).normal(cluster, "Scheduled", &message);
}

fn refuse(cluster: &mut Cluster, key: &ObjectKey, pod: &Value, message: String) {
    cluster.queue.unschedulable.insert(key.clone());
    let known = conditions::get(&pod["status"], "PodScheduled")
        .is_some_and(|c| c["message"] == message.as_str());
    if known {
        return;
    }
    cluster.adjust(Kind::Pod, key, Part::Status, SCHEDULER, |pod| {
        conditions::set(&mut pod["status"], "PodScheduled", false, "Unschedulable", &message);
    });
    Recorder::new(Kind::Pod, pod, SCHEDULER).warning(cluster, "FailedScheduling", &message);
}
