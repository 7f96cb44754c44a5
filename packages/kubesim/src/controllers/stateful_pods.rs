//! The pods and claims of a stateful set.

use serde_json::{Value, json};

use super::{MANAGER, owned};
use crate::{
    cluster::Cluster,
    events::Recorder,
    kinds::Kind,
    registry::WriteOptions,
    store::{Object, ObjectKey},
    validate::array,
};

/// Who reports about stateful sets.
pub(super) const COMPONENT: &str = "statefulset-controller";

/// A set that is being reconciled.
pub(super) struct SetContext {
    pub set: Object,
    pub key: ObjectKey,
    /// First ordinal and the one after the last.
    pub range: std::ops::Range<i64>,
    /// Revision that new pods of the partition get.
    pub update: String,
    /// Revision that pods below the partition keep.
    pub current: String,
}

/// The number of a pod of the set.
pub(super) fn ordinal(set: &ObjectKey, pod: &Value) -> Option<i64> {
    let name = pod["metadata"]["name"].as_str()?;
    name.strip_prefix(&*set.name)?.strip_prefix('-')?.parse().ok()
}

/// Makes the pod of a number and the claims that it lacks; false when it was refused.
pub(super) fn create(
    cluster: &mut Cluster,
    context: &SetContext,
    number: i64,
    revision: &str,
    template: &Value,
) -> bool {
    let set = &context.set;
    let name = format!("{}-{number}", context.key.name);
    let mut pod = owned::from_template(template, Kind::StatefulSet, set);
    pod["metadata"]["name"] = json!(name);
    for (label, value) in [
        ("controller-revision-hash", revision.to_owned()),
        ("statefulset.kubernetes.io/pod-name", name.clone()),
        ("apps.kubernetes.io/pod-index", number.to_string()),
    ] {
        pod["metadata"]["labels"][label] = json!(value);
    }
    pod["spec"]["hostname"] = json!(name);
    if let Some(service) = set["spec"]["serviceName"].as_str().filter(|s| !s.is_empty()) {
        pod["spec"]["subdomain"] = json!(service);
    }
    let mut volumes: Vec<Value> = array(&pod["spec"]["volumes"]).cloned().collect();
    for claim in array(&set["spec"]["volumeClaimTemplates"]) {
        let volume = claim["metadata"]["name"].as_str().unwrap_or_default();
        let claim_name = format!("{volume}-{name}");
        if let Err(why) = ensure_claim(cluster, context, claim, &claim_name) {
            let message = format!(
                "create Pod {name} in StatefulSet {} failed error: {why}",
                context.key.name
            );
            Recorder::new(Kind::StatefulSet, set, COMPONENT).warning(
                cluster,
                "FailedCreate",
                &message,
            );
            return false;
        }
        volumes.retain(|v| v["name"] != volume);
        volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim_name}}));
    }
    if !volumes.is_empty() {
        pod["spec"]["volumes"] = json!(volumes);
    }
    let options = WriteOptions::system(MANAGER);
    match cluster.create(Kind::Pod, &context.key.namespace, pod, &options) {
        Ok(_) => {
            let message =
                format!("create Pod {name} in StatefulSet {} successful", context.key.name);
            Recorder::new(Kind::StatefulSet, set, COMPONENT).normal(
                cluster,
                "SuccessfulCreate",
                &message,
            );
            true
        }
        Err(why) => {
            let message = format!(
                "create Pod {name} in StatefulSet {} failed error: {why}",
                context.key.name
            );
            Recorder::new(Kind::StatefulSet, set, COMPONENT).warning(
                cluster,
                "FailedCreate",
                &message,
            );
            false
        }
    }
}

fn ensure_claim(
    cluster: &mut Cluster,
    context: &SetContext,
    template: &Value,
    name: &str,
) -> Result<(), crate::error::ApiError> {
    let key = ObjectKey::new(&*context.key.namespace, name);
    if cluster.store.get(Kind::PersistentVolumeClaim, &key).is_some() {
        return Ok(());
    }
    let mut claim = template.clone();
    claim["metadata"]["name"] = json!(name);
    for (label, value) in
        context.set["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten()
    {
        claim["metadata"]["labels"][label.as_str()] = value.clone();
    }
    if context.set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete" {
        claim["metadata"]["ownerReferences"] =
            json!([owned::reference(Kind::StatefulSet, &context.set)]);
    }
    let options = WriteOptions::system(MANAGER);
    cluster.create(Kind::PersistentVolumeClaim, &key.namespace, claim, &options)?;
    let message = format!("create Claim {name} for {} success", context.key.name);
    Recorder::new(Kind::StatefulSet, &context.set, COMPONENT).normal(
        cluster,
        "SuccessfulCreate",
        &message,
    );
    Ok(())
}
