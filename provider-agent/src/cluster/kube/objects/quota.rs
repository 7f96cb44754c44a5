//! The quota of a lease: what was paid for and no more.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use souk_core::limits::MAX_REPLICAS;
use souk_sdl::{ManifestService, limits::HOSTS};

use super::{Kind, Object, Subject, pod, service};
use crate::model::{placement::Devices, volumes::VolumePlan};

/// The services of two manifests: during an update the objects of both exist. Each service has one
/// replica at least.
const SERVICES: u64 = 2 * MAX_REPLICAS;

/// The quota of all services, those with GPUs among them.
pub(super) fn quota(
    subject: &Subject<'_>,
    gpus: &[(&ManifestService, Option<Devices<'_>>)],
    volumes: &VolumePlan,
) -> Object {
    let services = &subject.group.services;
    let sum = |of: &dyn Fn(&ManifestService) -> u64| -> u64 {
        let all = services.iter().map(|service| of(service).saturating_mul(service.count.into()));
        all.fold(0, u64::saturating_add)
    };
    let mut hard = Map::new();
    let mut set = |key: &str, value: String| hard.insert(key.to_owned(), Value::String(value));
    set("pods", sum(&|_| 1).to_string());
    set("limits.cpu", format!("{}m", sum(&|s| s.resources.cpu.units.get())));
    set("limits.memory", sum(&pod::memory_limit).to_string());
    set("limits.ephemeral-storage", sum(&pod::ephemeral_limit).to_string());
    set("persistentvolumeclaims", volumes.count.to_string());
    set("requests.storage", volumes.bytes.to_string());
    set("services.nodeports", service::node_ports(services).to_string());
    set("services.loadbalancers", service::leased_ips(services).len().to_string());
    // A service has at most two Services, two Secrets and one workload.
    let addresses = 2 * service::leased_ips(services).len() as u64;
    set("services", (2 * SERVICES + addresses).to_string());
    set("secrets", (2 * SERVICES).to_string());
    set("count/deployments.apps", SERVICES.to_string());
    set("count/statefulsets.apps", SERVICES.to_string());
    // Each way in has a name of the provider's; whatever else tenants choose. The ways in are those that
    // were ordered, so that the sum is the same for every manifest of the lease.
    let http = services.iter().flat_map(|one| &one.expose).filter(|one| one.is_ingress()).count();
    set("count/ingresses.networking.k8s.io", (2 * (HOSTS + http)).to_string());
    for (resource, units) in sums(gpus) {
        set(&format!("requests.{resource}"), units.to_string());
    }
    Object::new(Kind::ResourceQuota, "lease", json!({ "spec": { "hard": hard } }))
}

fn sums(gpus: &[(&ManifestService, Option<Devices<'_>>)]) -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    for (service, devices) in gpus {
        let Some(devices) = devices else { continue };
        let units = devices.units.get().saturating_mul(service.count.into());
        let sum: &mut u64 = sums.entry(devices.resource).or_default();
        *sum = sum.saturating_add(units);
    }
    sums
}

/// The agent's containers have limits; any other container gets next to nothing.
pub(super) fn limit_range() -> Object {
    let least = json!({ "cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi" });
    let body = json!({
        "spec": { "limits": [{ "type": "Container", "default": least, "defaultRequest": least }] }
    });
    Object::new(Kind::LimitRange, "lease", body)
}
