//! What a deployment's status says: counts, availability, progress and its deadline.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    MANAGER,
    deployment_sets::{current, is_recreate, view},
    replica_set::counts,
    rollout::RollingLimits,
};
use crate::{
    apply::Part,
    clock,
    cluster::Cluster,
    conditions,
    kinds::Kind,
    store::{Object, ObjectKey},
};

/// Writes the status; the answer is when its deadline has to be looked at.
pub(super) fn status(
    cluster: &mut Cluster,
    key: &ObjectKey,
    deployment: &Value,
    sets: &[Object],
    wanted: i64,
) -> Option<Duration> {
    let sum = |field: &str| -> usize {
        sets.iter().filter_map(|s| s["status"][field].as_u64()).map(|n| n as usize).sum()
    };
    let (replicas, ready, available) =
        (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let terminating = sum("terminatingReplicas");
    let new = current(deployment, sets);
    let updated = new.map_or(0, |s| usize::try_from(view(s).replicas).unwrap_or(0));
    let asked: i64 = sets.iter().map(|s| view(s).wanted).sum();
    let missing = usize::try_from(asked).unwrap_or(0).saturating_sub(available);
    let limits = RollingLimits::of(&deployment["spec"]["strategy"], wanted);
    let unavailable = if is_recreate(deployment) { 0 } else { limits.unavailable };
    let goal = usize::try_from(wanted).unwrap_or(0);
    let enough = available as i64 >= wanted - unavailable;
    let complete = updated == goal && replicas == goal && available == goal;
    let failed = sets.iter().find_map(|s| conditions::get(&s["status"], "ReplicaFailure").cloned());
    let name = new.and_then(|s| s["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
    let generation = deployment["metadata"]["generation"].clone();
    let deadline = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
    let mut wait = None;
    cluster.adjust(Kind::Deployment, key, Part::Status, MANAGER, |d| {
        if !d["status"].is_object() {
            d["status"] = json!({});
        }
        let status = &mut d["status"];
        let before = (
            status["updatedReplicas"].clone(),
            status["replicas"].clone(),
            status["readyReplicas"].clone(),
            status["availableReplicas"].clone(),
        );
        status["observedGeneration"] = generation;
        status["terminatingReplicas"] = json!(terminating);
        counts(
            status,
            &[
                ("replicas", replicas),
                ("updatedReplicas", updated),
                ("readyReplicas", ready),
                ("availableReplicas", available),
                ("unavailableReplicas", missing),
            ],
        );
        let moved = before
            != (
                status["updatedReplicas"].clone(),
                status["replicas"].clone(),
                status["readyReplicas"].clone(),
                status["availableReplicas"].clone(),
            );
        if enough {
            conditions::update(
                status,
                "Available",
                true,
                "MinimumReplicasAvailable",
                "Deployment has minimum availability.",
            );
        } else {
            conditions::update(
                status,
                "Available",
                false,
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            );
        }
        wait = progress(status, complete, moved, &name, deadline);
        match &failed {
            Some(condition) => {
                let text = |f: &str| condition[f].as_str().unwrap_or_default().to_owned();
                conditions::update(
                    status,
                    "ReplicaFailure",
                    true,
                    &text("reason"),
                    &text("message"),
                );
            }
            None => conditions::clear(status, "ReplicaFailure"),
        }
    });
    wait
}

fn progress(
    status: &mut Value,
    complete: bool,
    moved: bool,
    set: &str,
    deadline: i64,
) -> Option<Duration> {
    if complete {
        let message = format!("ReplicaSet {set:?} has successfully progressed.");
        conditions::update(status, "Progressing", true, "NewReplicaSetAvailable", &message);
        return None;
    }
    let last = conditions::get(status, "Progressing").cloned().unwrap_or(Value::Null);
    if last["reason"] == "ProgressDeadlineExceeded" && !moved {
        return None;
    }
    let message = format!("ReplicaSet {set:?} is progressing.");
    if moved || last["reason"] != "ReplicaSetUpdated" || last["message"] != message.as_str() {
        conditions::update(status, "Progressing", true, "ReplicaSetUpdated", &message);
        touch(status);
        return Some(Duration::from_secs(deadline.unsigned_abs() + 1));
    }
    let since = last["lastUpdateTime"].as_str().and_then(clock::parse).unwrap_or_else(clock::now);
    let left = clock::millis_between(clock::now(), clock::later(since, deadline));
    if left > 0 {
        return Some(Duration::from_millis(left.unsigned_abs() + 1000));
    }
    let message = format!("ReplicaSet {set:?} has timed out progressing.");
    conditions::update(status, "Progressing", false, "ProgressDeadlineExceeded", &message);
    None
}

/// Notes that the rollout moved just now.
fn touch(status: &mut Value) {
    let all = status.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in all.into_iter().flatten() {
        if condition["type"] == "Progressing" {
            condition["lastUpdateTime"] = json!(clock::seconds(clock::now()));
        }
    }
}
