//! The simulated kubelet: starts the pods of ready nodes, moves their containers, and ends deleted pods.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::{
    apply::Part,
    clock,
    cluster::Cluster,
    conditions,
    events::Recorder,
    kinds::Kind,
    kubelet::{Notice, PodRun, missing, status},
    registry::DeleteOptions,
    store::{Object, ObjectKey},
};

const KUBELET: &str = "kubelet";

/// Brings a pod one step on; the answer is when to look again.
pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let Some(pod) = cluster.store.get(Kind::Pod, key).cloned() else {
        cluster.kubelet.runs.retain(|_, run| run.key != *key);
        return None;
    };
    let node = ObjectKey::new("", pod["spec"]["nodeName"].as_str()?);
    let node = cluster.store.get(Kind::Node, &node)?.clone();
    if !conditions::is_true(&node["status"], "Ready") {
        return None;
    }
    let uid = pod["metadata"]["uid"].as_str()?.to_owned();
    let now = Instant::now();
    if !cluster.kubelet.runs.contains_key(&uid) {
        cluster.kubelet.runs.retain(|_, run| run.key != *key);
        let address = cluster.kubelet.address();
        let run = PodRun::new(key.clone(), &pod, address, now, &cluster.spec.timing);
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
    run: &mut PodRun,
    pod: &Object,
    node: &Value,
    now: Instant,
) -> Option<Duration> {
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let spec = cluster.spec.clone();
    let missing = missing::missing(&cluster.store, pod);
    let mut notices = Vec::new();
    let wait = run.advance(pod, &missing, &spec, now, &mut notices);
    publish(cluster, run, pod, node, now);
    for Notice { severity, reason, message } in notices {
        Recorder::new(Kind::Pod, pod, KUBELET).record(cluster, severity, reason, &message);
    }
    wait
}

fn publish(cluster: &mut Cluster, run: &PodRun, pod: &Value, node: &Value, now: Instant) {
    let spec = cluster.spec.clone();
    cluster.adjust(Kind::Pod, &run.key, Part::Status, KUBELET, |live| {
        status::write(&mut live["status"], run, pod, node, &spec, now);
    });
}

fn end(
    cluster: &mut Cluster,
    run: &mut PodRun,
    pod: &Object,
    node: &Value,
    now: Instant,
) -> Option<Duration> {
    let metadata = &pod["metadata"];
    let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(30);
    if run.end.is_none() {
        for container in &run.main {
            if container.is_running() {
                let message = format!("Stopping container {}", container.name);
                Recorder::new(Kind::Pod, pod, KUBELET).normal(cluster, "Killing", &message);
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
