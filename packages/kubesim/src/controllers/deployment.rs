//! Deployments: one replica set a template, rolled over step by step. What their status says
//! is in `deployment_status`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    MANAGER,
    deployment_sets::{HASH, current, is_recreate, view},
    deployment_status, owned,
    rollout::{RollingLimits, Set, step},
};
use crate::{
    apply::Part,
    cluster::Cluster,
    events::Recorder,
    kinds::Kind,
    names,
    registry::{DeleteOptions, WriteOptions},
    store::{Object, ObjectKey},
};

const REVISION: &str = "deployment.kubernetes.io/revision";
const COMPONENT: &str = "deployment-controller";

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let deployment = cluster.store.get(Kind::Deployment, key)?.clone();
    let mut sets = owned::children(cluster, Kind::Deployment, &deployment, Kind::ReplicaSet);
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let mut failure = None;
    if deployment["metadata"]["deletionTimestamp"].is_null() {
        let paused = deployment["spec"]["paused"] == true;
        if !paused && current(&deployment, &sets).is_none() {
            match start(cluster, &deployment, &sets, wanted) {
                Ok(set) => sets.push(set),
                Err(why) => failure = Some(why),
            }
        }
        roll(cluster, &deployment, &sets, wanted, paused);
        prune(cluster, &deployment, &sets);
    }
    let sets = owned::children(cluster, Kind::Deployment, &deployment, Kind::ReplicaSet);
    let wait = deployment_status::status(cluster, key, &deployment, &sets, wanted);
    if let Some(why) = failure {
        let message = format!("Failed to create new replica set: {why}");
        record(cluster, &deployment, "Warning", "ReplicaSetCreateError", &message);
        return Some(Duration::from_secs(1));
    }
    wait
}

fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// Annotations of a set with the numbers of its deployment.
fn annotate(set: &mut Value, deployment: &Value) {
    let wanted = deployment["spec"]["replicas"].as_i64().unwrap_or(1);
    let limits = RollingLimits::of(&deployment["spec"]["strategy"], wanted);
    let most = if is_recreate(deployment) { wanted } else { wanted + limits.surge };
    let annotations = &mut set["metadata"]["annotations"];
    annotations["deployment.kubernetes.io/desired-replicas"] = json!(wanted.to_string());
    annotations["deployment.kubernetes.io/max-replicas"] = json!(most.to_string());
}

fn start(
    cluster: &mut Cluster,
    deployment: &Object,
    sets: &[Object],
    wanted: i64,
) -> Result<Object, String> {
    let key = ObjectKey::of(deployment);
    let replicas = if is_recreate(deployment) {
        if sets.iter().any(|s| any_pods(cluster, s)) { 0 } else { wanted }
    } else {
        let limits = RollingLimits::of(&deployment["spec"]["strategy"], wanted);
        let views: Vec<Set> = sets.iter().map(|s| view(s)).collect();
        step(wanted, limits, Set::default(), &views).0
    };
    let template = &deployment["spec"]["template"];
    let collisions = deployment["status"]["collisionCount"].as_i64().unwrap_or(0);
    let salt = if collisions == 0 { String::new() } else { collisions.to_string() };
    let hash = names::hash_suffix(&format!("{template}{salt}"), 10);
    let next = sets.iter().map(|s| revision(s)).max().unwrap_or(0) + 1;
    let mut template = template.clone();
    template["metadata"]["labels"][HASH] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(hash);
    let mut body = json!({
        "metadata": {
            "name": format!("{}-{hash}", key.name),
            "labels": template["metadata"]["labels"],
            "annotations": {REVISION: next.to_string()},
            "ownerReferences": [owned::reference(Kind::Deployment, deployment)],
        },
        "spec": {
            "replicas": replicas,
            "minReadySeconds": deployment["spec"]["minReadySeconds"],
            "selector": selector,
            "template": template,
        },
    });
    annotate(&mut body, deployment);
    match cluster.create(Kind::ReplicaSet, &key.namespace, body, &WriteOptions::system(MANAGER)) {
        Ok(written) => {
            let name = written.object["metadata"]["name"].as_str().unwrap_or_default();
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            if replicas > 0 {
                record(cluster, deployment, "Normal", "ScalingReplicaSet", &message);
            }
            Ok(written.object)
        }
        Err(why) => {
            if why.reason == "AlreadyExists" {
                cluster.adjust(Kind::Deployment, &key, Part::Status, MANAGER, |d| {
                    d["status"]["collisionCount"] = json!(collisions + 1);
                });
            }
            Err(why.to_string())
        }
    }
}

fn record(cluster: &mut Cluster, deployment: &Value, severity: &str, reason: &str, message: &str) {
    Recorder::new(Kind::Deployment, deployment, COMPONENT)
        .record(cluster, severity, reason, message);
}

fn roll(cluster: &mut Cluster, deployment: &Object, sets: &[Object], wanted: i64, paused: bool) {
    let Some(new) = current(deployment, sets) else {
        // Paused before its template ever ran: the running set follows the wanted number.
        if let [only] = sets {
            resize(cluster, deployment, only, wanted);
        }
        return;
    };
    let new_uid = &new["metadata"]["uid"];
    let old: Vec<&Object> = sets
        .iter()
        .filter(|s| {
            s["metadata"]["uid"] != *new_uid && (view(s).wanted > 0 || view(s).replicas > 0)
        })
        .collect();
    // The set in use carries the highest revision, also after going back to an older template.
    let newest = sets.iter().map(|s| revision(s)).max().unwrap_or(0);
    if revision(new) < newest {
        cluster.adjust(Kind::ReplicaSet, &ObjectKey::of(new), Part::Main, MANAGER, |set| {
            set["metadata"]["annotations"][REVISION] = json!((newest + 1).to_string());
        });
    }
    let number = cluster
        .store
        .get(Kind::ReplicaSet, &ObjectKey::of(new))
        .map_or(1, |s| revision(s))
        .to_string();
    // By way of the status, so that the generation stays the same.
    cluster.adjust(Kind::Deployment, &ObjectKey::of(deployment), Part::Status, MANAGER, |d| {
        d["metadata"]["annotations"][REVISION] = json!(number);
    });
    if is_recreate(deployment) {
        for set in &old {
            resize(cluster, deployment, set, 0);
        }
        // Also sets that count no pods any more may have some that are still ending.
        let others = sets.iter().filter(|s| s["metadata"]["uid"] != *new_uid);
        let running = others.into_iter().any(|s| any_pods(cluster, s));
        if !running || paused {
            resize(cluster, deployment, new, wanted);
        }
        return;
    }
    if paused && !old.is_empty() {
        return;
    }
    let limits = RollingLimits::of(&deployment["spec"]["strategy"], wanted);
    let views: Vec<Set> = old.iter().map(|s| view(s)).collect();
    let (grown, shrunk) = step(wanted, limits, view(new), &views);
    resize(cluster, deployment, new, grown);
    for (set, replicas) in old.into_iter().zip(shrunk) {
        resize(cluster, deployment, set, replicas);
    }
}

/// Whether a set still has pods, also such as are ending.
fn any_pods(cluster: &Cluster, set: &Value) -> bool {
    let uid = set["metadata"]["uid"].as_str().unwrap_or_default();
    cluster.store.dependents(uid).iter().any(|(kind, key)| {
        let pod = cluster.store.get(*kind, key);
        pod.is_some_and(|p| !matches!(p["status"]["phase"].as_str(), Some("Succeeded" | "Failed")))
    })
}

fn resize(cluster: &mut Cluster, deployment: &Value, set: &Object, replicas: i64) {
    let before = view(set).wanted;
    if before == replicas {
        return;
    }
    let key = ObjectKey::of(set);
    cluster.adjust(Kind::ReplicaSet, &key, Part::Main, MANAGER, |set| {
        set["spec"]["replicas"] = json!(replicas);
        annotate(set, deployment);
    });
    let direction = if replicas > before { "up" } else { "down" };
    let message =
        format!("Scaled {direction} replica set {} from {before} to {replicas}", key.name);
    record(cluster, deployment, "Normal", "ScalingReplicaSet", &message);
}

/// Removes old sets beyond the revision history.
fn prune(cluster: &mut Cluster, deployment: &Value, sets: &[Object]) {
    let keep = usize::try_from(deployment["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10))
        .unwrap_or(0);
    let new = current(deployment, sets).map(|s| s["metadata"]["uid"].clone());
    let mut idle: Vec<&Object> = sets
        .iter()
        .filter(|s| Some(&s["metadata"]["uid"]) != new.as_ref())
        .filter(|s| view(s).wanted == 0 && view(s).replicas == 0)
        .collect();
    idle.sort_by_key(|s| revision(s));
    let surplus = idle.len().saturating_sub(keep);
    for set in idle.into_iter().take(surplus) {
        // Gone already is as good.
        let _ = cluster.delete(Kind::ReplicaSet, &ObjectKey::of(set), &DeleteOptions::default());
    }
}
