//! A service's volumes.

use serde_json::{Value, json};
use souk_sdl::{ManifestService, Storage, StorageParams};

use crate::{
    config::Cluster,
    model::names::{hash, object_name},
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

fn mount<'a>(service: &'a ManifestService, volume: &Storage) -> Option<&'a StorageParams> {
    let params = service.params.as_ref()?.storage.as_ref()?;
    params.iter().find(|params| params.name == volume.name && !params.mount.is_empty())
}

/// A volume's name in its pod. Kubernetes names a claim `VOLUME-SERVICE-NUMBER`: without the
/// hash, volume `a-b` of service `web` and `a` of `b-web` would be one claim.
fn name(service: &ManifestService, volume: &Storage) -> String {
    if volume.is_persistent() {
        return object_name(&volume.name, &format!("-{}", hash(&[&service.name], 8)));
    }
    object_name(&volume.name, "")
}

/// Where volumes appear in the container.
pub(super) fn mounts(service: &ManifestService) -> Vec<Value> {
    let mounted = service.resources.storage.iter().filter_map(|volume| {
        let mount = mount(service, volume)?;
        Some(json!({
            "name": name(service, volume),
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
        volumes.filter(|volume| !volume.is_persistent() && mount(service, volume).is_some());
    mounted
        .map(|volume| {
            let size = volume.size.get().to_string();
            let source = if is_ram(volume) {
                json!({ "medium": "Memory", "sizeLimit": size })
            } else {
                json!({ "sizeLimit": size })
            };
            json!({ "name": name(service, volume), "emptyDir": source })
        })
        .collect()
}

/// Claims for the volumes that outlive pods.
pub(super) fn claims(service: &ManifestService, cluster: &Cluster) -> Vec<Value> {
    let mounted = persistent(service).filter(|volume| mount(service, volume).is_some());
    mounted
        .map(|volume| {
            let class = volume.class().unwrap_or("default");
            let here = cluster.storage_classes.get(class).map(|class| class.name.as_str());
            json!({
                "metadata": { "name": name(service, volume) },
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": here.unwrap_or(class),
                    "resources": { "requests": { "storage": volume.size.get().to_string() } },
                },
            })
        })
        .collect()
}
