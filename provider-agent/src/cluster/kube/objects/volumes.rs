//! A service's volumes, and the claims of those that outlive their pods.

use serde_json::{Value, json};
use souk_sdl::{ManifestService, Storage};

use super::{Kind, Object};
use crate::model::{
    labels,
    names::object_name,
    volumes::{ClaimPlan, Replica, VolumePlan, mount},
};

/// The market's class of volumes in memory.
const RAM: &str = "ram";

/// Volumes that outlive their pods.
pub(super) fn persistent(service: &ManifestService) -> impl Iterator<Item = &Storage> {
    service.resources.storage.iter().filter(|volume| volume.is_persistent())
}

/// Volumes in memory.
pub(super) fn in_memory(service: &ManifestService) -> impl Iterator<Item = &Storage> {
    service.resources.storage.iter().filter(|volume| is_ram(volume))
}

/// Volumes on the node's disk, the container's own file system among them.
pub(super) fn ephemeral(service: &ManifestService) -> impl Iterator<Item = &Storage> {
    let volumes = service.resources.storage.iter();
    volumes.filter(|volume| !volume.is_persistent() && !is_ram(volume))
}

fn is_ram(volume: &Storage) -> bool {
    !volume.is_persistent() && volume.class() == Some(RAM)
}

/// Where volumes appear in the container.
pub(super) fn mounts(service: &ManifestService) -> Vec<Value> {
    let mounted = service.resources.storage.iter().filter_map(|volume| {
        let mount = mount(service, &volume.name)?;
        Some(json!({
            "name": object_name(&volume.name, ""),
            "mountPath": mount.mount,
            "readOnly": mount.read_only,
        }))
    });
    mounted.collect()
}

/// Volumes that live and die with the pod.
pub(super) fn of_pod(service: &ManifestService) -> Vec<Value> {
    let volumes = service.resources.storage.iter();
    let mounted =
        volumes.filter(|volume| !volume.is_persistent() && mount(service, &volume.name).is_some());
    mounted
        .map(|volume| {
            let size = volume.size.get().to_string();
            let source = if is_ram(volume) {
                json!({ "medium": "Memory", "sizeLimit": size })
            } else {
                json!({ "sizeLimit": size })
            };
            json!({ "name": object_name(&volume.name, ""), "emptyDir": source })
        })
        .collect()
}

/// The volumes of a replica that outlive its pod.
pub(super) fn of_replica(replica: &Replica) -> Vec<Value> {
    let claims = replica.claims.iter();
    let volume = |(volume, claim): (&String, &String)| {
        let source = json!({ "claimName": claim });
        json!({ "name": object_name(volume, ""), "persistentVolumeClaim": source })
    };
    claims.map(volume).collect()
}

/// The claims of all volumes that outlive their pods.
pub(super) fn claims(plan: &VolumePlan) -> Vec<Object> {
    plan.claims.iter().map(claim).collect()
}

fn claim(plan: &ClaimPlan) -> Object {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": { "requests": { "storage": plan.size.to_string() } },
    });
    if let Some(class) = &plan.storage_class {
        spec["storageClassName"] = json!(class);
    }
    let labels = [
        (labels::REPLICA, &plan.replica),
        (labels::POOL, &plan.pool),
        (labels::VOLUME, &plan.volume),
        (labels::CLASS, &plan.class),
    ];
    Object {
        labels: labels.map(|(key, value)| (key, value.clone())).into(),
        ..Object::of_service(
            Kind::PersistentVolumeClaim,
            plan.name.as_str(),
            &plan.service,
            json!({ "spec": spec }),
        )
    }
}
