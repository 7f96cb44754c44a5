//! The simulated kubelet: brings the pods of ready nodes to life and to their end.
//! `machine` moves containers from state to state, `status` writes what the API shows,
//! `needs` finds what a pod refers to and lacks.

mod machine;
mod needs;
mod status;

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{conditions, events};
use crate::{
    apply::Part,
    clock,
    cluster::Cluster,
    kinds::Kind,
    registry::DeleteOptions,
    store::{Key, Obj},
};
use machine::{Note, Run};

const KUBELET: &str = "kubelet";

/// What runs on the nodes, by the uid of the pod.
#[derive(Debug, Default)]
pub struct Kubelet {
    runs: HashMap<String, Run>,
    addresses: u32,
}

impl Kubelet {
    /// The next pod address, of 10.244.0.0/14.
    fn address(&mut self) -> String {
        self.addresses = self.addresses % 250_000 + 1;
        let n = self.addresses;
        format!("10.{}.{}.{}", 244 + (n >> 16), (n >> 8) & 255, n & 255)
    }
}

pub fn reconcile(cluster: &mut Cluster, key: &Key) -> Option<Duration> {
    let Some(pod) = cluster.store.get(Kind::Pod, key).cloned() else {
        cluster.kubelet.runs.retain(|_, run| run.key != *key);
        return None;
    };
    let node = Key::new("", pod["spec"]["nodeName"].as_str()?);
    let node = cluster.store.get(Kind::Node, &node)?.clone();
    if !conditions::is_true(&node["status"], "Ready") {
        return None;
    }
    let uid = pod["metadata"]["uid"].as_str()?.to_owned();
    let now = Instant::now();
    if !cluster.kubelet.runs.contains_key(&uid) {
        cluster.kubelet.runs.retain(|_, run| run.key != *key);
        let address = cluster.kubelet.address();
        let run = Run::new(key.clone(), &pod, address, now, &cluster.spec.timing);
        cluster.kubelet.runs.insert(uid.clone(), run);
    }
    let mut run = cluster.kubelet.runs.remove(&uid)?;
    let wait = if pod["metadata"]["deletionTimestamp"].is_null() {
        live(cluster, &mut run, &pod, &node, now)
    } else {
        end(cluster, &mut run, &pod, &node, now)
    };
    if cluster.store.get(Kind::Pod, key).is_some() {
        cluster.kubelet.runs.insert(uid, run);
    }
    wait
}

fn live(
    cluster: &mut Cluster,
    run: &mut Run,
    pod: &Obj,
    node: &Value,
    now: Instant,
) -> Option<Duration> {
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let spec = cluster.spec.clone();
    let missing = needs::missing(&cluster.store, pod);
    let mut notes = Vec::new();
    let wait = run.advance(pod, &missing, &spec, now, &mut notes);
    publish(cluster, run, pod, node, now);
    for Note { severity, reason, message } in notes {
        events::record(cluster, Kind::Pod, pod, KUBELET, severity, reason, &message);
    }
    wait
}

fn publish(cluster: &mut Cluster, run: &Run, pod: &Value, node: &Value, now: Instant) {
    let spec = cluster.spec.clone();
    cluster.adjust(Kind::Pod, &run.key, Part::Status, KUBELET, |live| {
        status::write(&mut live["status"], run, pod, node, &spec, now);
    });
}

fn end(
    cluster: &mut Cluster,
    run: &mut Run,
    pod: &Obj,
    node: &Value,
    now: Instant,
) -> Option<Duration> {
    let metadata = &pod["metadata"];
    let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(30);
    if run.end.is_none() {
        for container in &run.main {
            if container.is_running() {
                let message = format!("Stopping container {}", container.name);
                events::record(cluster, Kind::Pod, pod, KUBELET, "Normal", "Killing", &message);
            }
        }
    }
    let limit = Duration::from_secs(grace.unsigned_abs());
    let pause = Duration::from_millis(cluster.spec.timing.terminate).min(limit);
    let due = *run.end.get_or_insert(now + pause).min(&mut (now + limit));
    if now < due {
        return Some(due - now);
    }
    run.stop(clock::now());
    publish(cluster, run, pod, node, now);
    let options = DeleteOptions {
        grace: Some(0),
        uid: metadata["uid"].as_str().map(str::to_owned),
        ..DeleteOptions::default()
    };
    if let Err(why) = cluster.delete(Kind::Pod, &run.key, &options) {
        tracing::debug!(%why, "ended pod not removed");
    }
    None
}

/// A node's state as its kubelet reports it.
pub fn node_status(ready: bool) -> Value {
    let now = clock::seconds(clock::now());
    let condition = |kind: &str, holds: bool, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": if holds { "True" } else { "False" },
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        })
    };
    json!([
        condition(
            "MemoryPressure",
            false,
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition(
            "DiskPressure",
            false,
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure"
        ),
        condition(
            "PIDPressure",
            false,
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"
        ),
        if ready {
            condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
        } else {
            condition("Ready", false, "KubeletNotReady", "simulated: this node is not ready")
        },
    ])
}
