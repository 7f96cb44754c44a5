//! The pods and claims of a stateful set.

use serde_json::{Value, json};

use super::{
    MANAGER, events, owned,
    stateful_set::{COMPONENT, Round},
};
use crate::{cluster::Cluster, kinds::Kind, registry::WriteOptions, store::Key, validate::array};

/// The number of a pod of the set.
pub(super) fn ordinal(set: &Key, pod: &Value) -> Option<i64> {
    let name = pod["metadata"]["name"].as_str()?;
    name.strip_prefix(&*set.name)?.strip_prefix('-')?.parse().ok()
}

/// Makes the pod of a number and the claims that it lacks; false when it was refused.
pub(super) fn create(
    cluster: &mut Cluster,
    round: &Round,
    number: i64,
    revision: &str,
    template: &Value,
) -> bool {
    let set = &round.set;
    let name = format!("{}-{number}", round.key.name);
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
        if let Err(why) = ensure_claim(cluster, round, claim, &claim_name) {
            let message =
                format!("create Pod {name} in StatefulSet {} failed error: {why}", round.key.name);
            events::record(
                cluster,
                Kind::StatefulSet,
                set,
                COMPONENT,
                "Warning",
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
    match cluster.create(Kind::Pod, &round.key.namespace, pod, &options) {
        Ok(_) => {
            let message = format!("create Pod {name} in StatefulSet {} successful", round.key.name);
            events::record(
                cluster,
                Kind::StatefulSet,
                set,
                COMPONENT,
                "Normal",
                "SuccessfulCreate",
                &message,
            );
            true
        }
        Err(why) => {
            let message =
                format!("create Pod {name} in StatefulSet {} failed error: {why}", round.key.name);
            events::record(
                cluster,
                Kind::StatefulSet,
                set,
                COMPONENT,
                "Warning",
                "FailedCreate",
                &message,
            );
            false
        }
    }
}

fn ensure_claim(
    cluster: &mut Cluster,
    round: &Round,
    template: &Value,
    name: &str,
) -> Result<(), crate::error::ApiError> {
    let key = Key::new(&*round.key.namespace, name);
    if cluster.store.get(Kind::PersistentVolumeClaim, &key).is_some() {
        return Ok(());
    }
    let mut claim = template.clone();
    claim["metadata"]["name"] = json!(name);
    for (label, value) in
        round.set["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten()
    {
        claim["metadata"]["labels"][label.as_str()] = value.clone();
    }
    if round.set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete" {
        claim["metadata"]["ownerReferences"] =
            json!([owned::reference(Kind::StatefulSet, &round.set)]);
    }
    let options = WriteOptions::system(MANAGER);
    cluster.create(Kind::PersistentVolumeClaim, &key.namespace, claim, &options)?;
    let message = format!("create Claim {name} for {} success", round.key.name);
    events::record(
        cluster,
        Kind::StatefulSet,
        &round.set,
        COMPONENT,
        "Normal",
        "SuccessfulCreate",
        &message,
    );
    Ok(())
}
