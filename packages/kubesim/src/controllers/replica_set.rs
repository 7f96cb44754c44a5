//! Replica sets: as many pods as asked for.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MANAGER, owned};
use crate::{
    apply::Part,
    clock,
    cluster::Cluster,
    conditions,
    events::Recorder,
    kinds::Kind,
    registry::{DeleteOptions, WriteOptions},
    store::{Object, ObjectKey},
};

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let set = cluster.store.get(Kind::ReplicaSet, key)?.clone();
    let pods = owned::children(cluster, Kind::ReplicaSet, &set, Kind::Pod);
    let mut failure = None;
    if set["metadata"]["deletionTimestamp"].is_null() {
        failure = scale(cluster, &set, &pods);
    }
    let pods = owned::children(cluster, Kind::ReplicaSet, &set, Kind::Pod);
    let wait = status(cluster, key, &set, &pods, failure.as_deref());
    // A refusal by quota or pod security may end without an event that leads here.
    if failure.is_some() { Some(Duration::from_secs(1)) } else { wait }
}

fn scale(cluster: &mut Cluster, set: &Object, pods: &[Object]) -> Option<String> {
    let wanted = usize::try_from(set["spec"]["replicas"].as_i64().unwrap_or(1)).unwrap_or(0);
    let mut active: Vec<&Object> = pods.iter().filter(|p| owned::is_active(p)).collect();
    let key = ObjectKey::of(set);
    for _ in active.len()..wanted {
        let mut pod = owned::from_template(&set["spec"]["template"], Kind::ReplicaSet, set);
        pod["metadata"]["generateName"] = json!(format!("{}-", key.name));
        match cluster.create(Kind::Pod, &key.namespace, pod, &WriteOptions::system(MANAGER)) {
            Ok(written) => {
                let name =
                    written.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let message = format!("Created pod: {name}");
                record(cluster, set, "Normal", "SuccessfulCreate", &message);
            }
            Err(why) => {
                let message = format!("Error creating: {why}");
                record(cluster, set, "Warning", "FailedCreate", &message);
                return Some(why.to_string());
            }
        }
    }
    if active.len() > wanted {
        // First those that serve least: without node, not ready, youngest.
        active.sort_by_key(|p| {
            let bound = p["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
            let created =
                p["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
            (bound, owned::is_ready(p), std::cmp::Reverse(created))
        });
        let surplus = active.len() - wanted;
        for pod in active.into_iter().take(surplus) {
            let pod_key = ObjectKey::of(pod);
            if cluster.delete(Kind::Pod, &pod_key, &DeleteOptions::default()).is_ok() {
                let message = format!("Deleted pod: {}", pod_key.name);
                record(cluster, set, "Normal", "SuccessfulDelete", &message);
            }
        }
    }
    None
}

fn record(cluster: &mut Cluster, set: &Value, severity: &str, reason: &str, message: &str) {
    let component = "replicaset-controller";
    Recorder::new(Kind::ReplicaSet, set, component).record(cluster, severity, reason, message);
}

fn status(
    cluster: &mut Cluster,
    key: &ObjectKey,
    set: &Value,
    pods: &[Object],
    failure: Option<&str>,
) -> Option<Duration> {
    let active: Vec<&Object> = pods.iter().filter(|p| owned::is_active(p)).collect();
    let ready = active.iter().filter(|p| owned::is_ready(p)).count();
    let least = set["spec"]["minReadySeconds"].as_i64().unwrap_or(0);
    let (available, wait) = available(&active, least);
    let generation = set["metadata"]["generation"].clone();
    let total = active.len();
    let terminating = pods.iter().filter(|p| owned::is_terminating(p)).count();
    cluster.adjust(Kind::ReplicaSet, key, Part::Status, MANAGER, |set| {
        if !set["status"].is_object() {
            set["status"] = json!({});
        }
        let status = &mut set["status"];
        status["replicas"] = json!(total);
        status["terminatingReplicas"] = json!(terminating);
        status["observedGeneration"] = generation;
        counts(
            status,
            &[
                ("fullyLabeledReplicas", total),
                ("readyReplicas", ready),
                ("availableReplicas", available),
            ],
        );
        match failure {
            Some(why) => conditions::set(status, "ReplicaFailure", true, "FailedCreate", why),
            None => conditions::clear(status, "ReplicaFailure"),
        }
    });
    wait
}

/// Sets counts; zero is left out, as the API does.
pub fn counts(status: &mut Value, values: &[(&str, usize)]) {
    for (field, value) in values {
        if *value > 0 {
            status[*field] = json!(value);
        } else if let Some(map) = status.as_object_mut() {
            map.remove(*field);
        }
    }
}

/// How many pods have been ready for long enough, and when the next one will have been.
pub fn available(pods: &[&Object], least: i64) -> (usize, Option<Duration>) {
    let ready = pods.iter().filter(|p| owned::is_ready(p));
    if least == 0 {
        return (ready.count(), None);
    }
    let (mut count, mut wait) = (0, None);
    for pod in ready {
        let since = conditions::get(&pod["status"], "Ready")
            .and_then(|c| c["lastTransitionTime"].as_str())
            .and_then(clock::parse);
        let due = since.map_or(clock::now(), |t| clock::later(t, least));
        let left = clock::millis_between(clock::now(), due);
        if left <= 0 {
            count += 1;
        } else {
            let left = Duration::from_millis(left.unsigned_abs());
            wait = Some(wait.map_or(left, |w: Duration| w.min(left)));
        }
    }
    (count, wait)
}
