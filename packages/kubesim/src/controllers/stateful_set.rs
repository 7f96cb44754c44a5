//! Stateful sets: numbered pods in order, each with its own claims.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    MANAGER, owned,
    replica_set::{available, counts},
    stateful_pods::{self, COMPONENT, SetContext, ordinal},
};
use crate::{
    apply::Part,
    cluster::Cluster,
    events::Recorder,
    kinds::Kind,
    names,
    registry::{DeleteOptions, WriteOptions},
    store::{Object, ObjectKey, controller_uid},
};

const REVISION: &str = "controller-revision-hash";

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let set = cluster.store.get(Kind::StatefulSet, key)?.clone();
    if !set["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let spec = &set["spec"];
    let start = spec["ordinals"]["start"].as_i64().unwrap_or(0);
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let update = remember(cluster, &set);
    let current = set["status"]["currentRevision"].as_str().unwrap_or(&update).to_owned();
    let context =
        SetContext { set, key: key.clone(), range: start..start + wanted, update, current };
    let failed = steps(cluster, &context);
    let wait = status(cluster, &context);
    if failed { Some(Duration::from_secs(1)) } else { wait }
}

/// Keeps the template under a name that follows from it.
fn remember(cluster: &mut Cluster, set: &Value) -> String {
    let key = ObjectKey::of(set);
    let template = &set["spec"]["template"];
    let name = format!("{}-{}", key.name, names::hash_suffix(&template.to_string(), 10));
    let revision = ObjectKey::new(&*key.namespace, &*name);
    if cluster.store.get(Kind::ControllerRevision, &revision).is_none() {
        let uid = set["metadata"]["uid"].as_str().unwrap_or_default();
        let number = 1 + cluster
            .store
            .within(Kind::ControllerRevision, &key.namespace)
            .filter(|(_, r)| controller_uid(r) == Some(uid))
            .filter_map(|(_, r)| r["revision"].as_i64())
            .max()
            .unwrap_or(0);
        let body = json!({
            "metadata": {
                "name": name,
                "labels": template["metadata"]["labels"],
                "ownerReferences": [owned::reference(Kind::StatefulSet, set)],
            },
            "data": {"spec": {"template": template}},
            "revision": number,
        });
        let options = WriteOptions::system(MANAGER);
        if let Err(why) = cluster.create(Kind::ControllerRevision, &key.namespace, body, &options) {
            tracing::debug!(%why, "revision not kept");
        }
    }
    name
}

/// The template of a revision, or the present one when it is not kept.
fn template(cluster: &Cluster, context: &SetContext, revision: &str) -> Value {
    let key = ObjectKey::new(&*context.key.namespace, revision);
    cluster
        .store
        .get(Kind::ControllerRevision, &key)
        .map(|r| r["data"]["spec"]["template"].clone())
        .filter(Value::is_object)
        .unwrap_or_else(|| context.set["spec"]["template"].clone())
}

fn pods(cluster: &mut Cluster, context: &SetContext) -> Vec<(i64, Object)> {
    let all = owned::children(cluster, Kind::StatefulSet, &context.set, Kind::Pod);
    let mut pods: Vec<(i64, Object)> =
        all.into_iter().filter_map(|p| ordinal(&context.key, &p).map(|o| (o, p))).collect();
    pods.sort_by_key(|(o, _)| *o);
    pods
}

fn leaving(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

/// One step after the other until one has to be waited for; true when a pod was refused.
fn steps(cluster: &mut Cluster, context: &SetContext) -> bool {
    let ordered = context.set["spec"]["podManagementPolicy"] != "Parallel";
    let partition =
        context.set["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_i64().unwrap_or(0);
    for number in context.range.clone() {
        let existing = pods(cluster, context).into_iter().find(|(o, _)| *o == number);
        match existing {
            Some((_, pod))
                if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
                    && !leaving(&pod) =>
            {
                drop_pod(cluster, context, &pod);
                return false;
            }
            Some((_, pod)) => {
                if ordered && (leaving(&pod) || !owned::is_ready(&pod)) {
                    return false;
                }
            }
            None => {
                let revision = if number < partition { &context.current } else { &context.update };
                let template = template(cluster, context, revision);
                if !stateful_pods::create(cluster, context, number, revision, &template) {
                    return true;
                }
                if ordered {
                    return false;
                }
            }
        }
    }
    let surplus: Vec<Object> = pods(cluster, context)
        .into_iter()
        .rev()
        .filter(|(o, _)| !context.range.contains(o))
        .map(|(_, p)| p)
        .collect();
    for pod in surplus {
        if !leaving(&pod) {
            drop_pod(cluster, context, &pod);
        }
        if ordered {
            return false;
        }
    }
    if context.set["spec"]["updateStrategy"]["type"] == "RollingUpdate" {
        for (number, pod) in pods(cluster, context).into_iter().rev() {
            if number < partition || !context.range.contains(&number) {
                continue;
            }
            let stale = pod["metadata"]["labels"][REVISION] != context.update.as_str();
            if stale && !leaving(&pod) {
                drop_pod(cluster, context, &pod);
                return false;
            }
            if leaving(&pod) || !owned::is_ready(&pod) {
                return false;
            }
        }
    }
    false
}

fn drop_pod(cluster: &mut Cluster, context: &SetContext, pod: &Value) {
    let key = ObjectKey::of(pod);
    if cluster.delete(Kind::Pod, &key, &DeleteOptions::default()).is_ok() {
        let message =
            format!("delete Pod {} in StatefulSet {} successful", key.name, context.key.name);
        Recorder::new(Kind::StatefulSet, &context.set, COMPONENT).normal(
            cluster,
            "SuccessfulDelete",
            &message,
        );
    }
}

fn status(cluster: &mut Cluster, context: &SetContext) -> Option<Duration> {
    let pods: Vec<Object> = pods(cluster, context).into_iter().map(|(_, p)| p).collect();
    let active: Vec<&Object> = pods.iter().filter(|p| owned::is_active(p)).collect();
    let ready = active.iter().filter(|p| owned::is_ready(p)).count();
    let least = context.set["spec"]["minReadySeconds"].as_i64().unwrap_or(0);
    let (available, wait) = available(&active, least);
    let of = |revision: &str| {
        active.iter().filter(|p| p["metadata"]["labels"][REVISION] == revision).count()
    };
    let (updated, mut current) = (of(&context.update), of(&context.current));
    let wanted = usize::try_from(context.range.end - context.range.start).unwrap_or(0);
    let mut current_revision = context.current.clone();
    if updated == active.len() && ready == wanted && active.len() == wanted {
        current_revision.clone_from(&context.update);
        current = updated;
    }
    let generation = context.set["metadata"]["generation"].clone();
    let total = pods.len();
    let update = context.update.clone();
    cluster.adjust(Kind::StatefulSet, &context.key, Part::Status, MANAGER, |set| {
        if !set["status"].is_object() {
            set["status"] = json!({});
        }
        let status = &mut set["status"];
        status["observedGeneration"] = generation;
        status["replicas"] = json!(total);
        status["availableReplicas"] = json!(available);
        status["collisionCount"] = json!(0);
        status["currentRevision"] = json!(current_revision);
        status["updateRevision"] = json!(update);
        counts(
            status,
            &[("readyReplicas", ready), ("currentReplicas", current), ("updatedReplicas", updated)],
        );
    });
    wait
}
