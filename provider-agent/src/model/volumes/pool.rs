//! Replicas that have the same persistent volumes.

use std::collections::BTreeMap;

use souk_sdl::{ManifestGroup, ManifestService, StorageParams};

use crate::model::names::{hash, label_value};

/// The market's class of a persistent volume that names none.
const DEFAULT_CLASS: &str = "default";

/// A persistent volume, by the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Volume {
    pub name: String,
    /// The market's class.
    pub class: String,
    /// Bytes.
    pub size: u64,
}

impl Volume {
    /// The label of its name.
    pub fn label(&self) -> String {
        label_value(&self.name)
    }
}

/// Services whose replicas have the same persistent volumes.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    /// Identifies the volumes.
    pub key: String,
    pub volumes: Vec<Volume>,
    /// By name.
    pub services: Vec<&'a ManifestService>,
}

impl Pool<'_> {
    /// How many replicas the order has of it.
    pub fn replicas(&self) -> usize {
        self.services.iter().map(|service| service.count as usize).sum()
    }

    /// Whether a service has this label.
    pub fn has(&self, label: &str) -> bool {
        self.services.iter().any(|service| label_value(&service.name) == label)
    }
}

/// The pools of a group, by key. Services without persistent volumes are in none.
pub(super) fn pools(group: &ManifestGroup) -> Vec<Pool<'_>> {
    let mut pools: BTreeMap<Vec<Volume>, Vec<&ManifestService>> = BTreeMap::new();
    for service in &group.services {
        let volumes = volumes(service);
        if !volumes.is_empty() {
            pools.entry(volumes).or_default().push(service);
        }
    }
    let pool = |(volumes, mut services): (Vec<Volume>, Vec<_>)| {
        services.sort_by_key(|service: &&ManifestService| &service.name);
        let parts: Vec<String> = volumes
            .iter()
            .flat_map(|one| [one.name.clone(), one.class.clone(), one.size.to_string()])
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Pool { key: hash(&parts, 8), volumes, services }
    };
    let mut pools: Vec<Pool<'_>> = pools.into_iter().map(pool).collect();
    pools.sort_by(|one, other| one.key.cmp(&other.key));
    pools
}

/// The persistent volumes of a service's replicas, by name, each once.
fn volumes(service: &ManifestService) -> Vec<Volume> {
    let persistent = service.resources.storage.iter().filter(|volume| volume.is_persistent());
    let by_name: BTreeMap<&str, Volume> = persistent
        .map(|volume| {
            let class = volume.class().unwrap_or(DEFAULT_CLASS).to_owned();
            let (name, size) = (volume.name.clone(), volume.size.get());
            (volume.name.as_str(), Volume { name, class, size })
        })
        .collect();
    by_name.into_values().collect()
}

/// Where a service mounts a volume, if it does.
pub fn mount<'a>(service: &'a ManifestService, volume: &str) -> Option<&'a StorageParams> {
    let params = service.params.as_ref()?.storage.as_ref()?;
    params.iter().find(|params| params.name == volume && !params.mount.is_empty())
}
