//! The requests of a scheduled pod, as the scheduler counts them.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{Container, ContainerStatus, Pod, ResourceRequirements},
    apimachinery::pkg::api::resource::Quantity as KubeQuantity,
};
use souk_core::OrderId;

use super::{
    Requests, gpu,
    node::{quantity, units},
};
use crate::model::{labels::ORDER, scope::MarketScope};

/// A pod that is scheduled on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodUse {
    /// The node that it is scheduled on.
    pub node: String,
    /// Its requests.
    pub requests: Requests,
    /// The lease that it belongs to, if it is this provider's.
    pub order: Option<OrderId>,
}

impl PodUse {
    /// Reads a pod; none if it is not scheduled yet or is finished.
    pub fn of(pod: &Pod, scope: &MarketScope) -> Option<Self> {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        if matches!(phase, Some("Succeeded" | "Failed")) {
            return None;
        }
        let spec = pod.spec.as_ref()?;
        let node = spec.node_name.clone().filter(|name| !name.is_empty())?;
        let status = pod.status.as_ref();
        let statuses = status.and_then(|status| status.container_statuses.as_deref());
        let init_statuses = status.and_then(|status| status.init_container_statuses.as_deref());
        let of = |container: &Container| of_container(container, statuses.unwrap_or_default());
        let sum = spec.containers.iter().map(of).fold(Requests::default(), Requests::plus);
        // Init containers run one after another before the others; those that go on running
        // (sidecars) add to all that starts after them.
        let (mut sidecars, mut peak) = (Requests::default(), Requests::default());
        for init in spec.init_containers.iter().flatten() {
            let own = of_container(init, init_statuses.unwrap_or_default());
            if init.restart_policy.as_deref() == Some("Always") {
                sidecars = sidecars.plus(own);
                peak = peak.max(sidecars);
            } else {
                peak = peak.max(sidecars.plus(own));
            }
        }
        let mut requests = sum.plus(sidecars).max(peak);
        if let Some(of_pod) = &spec.resources {
            // Requests of the pod as a whole replace those of its containers.
            let allocated = status.and_then(|status| status.allocated_resources.as_ref());
            let actual = status.and_then(|status| status.resources.as_ref());
            let whole = largest(of_resources(of_pod), allocated, actual);
            let given = of_pod.requests.clone().unwrap_or_default();
            if given.contains_key("cpu") {
                requests.cpu_milli = whole.cpu_milli;
            }
            if given.contains_key("memory") {
                requests.memory = whole.memory;
            }
        }
        let overhead = spec.overhead.clone().unwrap_or_default();
        let requests = requests.plus(of_amounts(&overhead));
        Some(Self { node, requests, order: own_order(pod, scope) })
    }
}

fn own_order(pod: &Pod, scope: &MarketScope) -> Option<OrderId> {
    let labels = pod.metadata.labels.as_ref();
    labels.filter(|_| scope.owns(labels))?.get(ORDER)?.parse().ok()
}

/// While a container is resized it takes the largest of what is specified, allocated and in force.
fn of_container(container: &Container, statuses: &[ContainerStatus]) -> Requests {
    let specified = container.resources.as_ref().map(of_resources).unwrap_or_default();
    let status = statuses.iter().find(|status| status.name == container.name);
    let allocated = status.and_then(|status| status.allocated_resources.as_ref());
    let actual = status.and_then(|status| status.resources.as_ref());
    largest(specified, allocated, actual)
}

fn largest(
    specified: Requests,
    allocated: Option<&BTreeMap<String, KubeQuantity>>,
    actual: Option<&ResourceRequirements>,
) -> Requests {
    let allocated = allocated.map(of_amounts).unwrap_or_default();
    // Limits in force are no requests: those are always there beside them.
    let actual = actual.and_then(|actual| actual.requests.as_ref()).map(of_amounts);
    specified.max(allocated).max(actual.unwrap_or_default())
}

/// A limit without a request is a request.
fn of_resources(resources: &ResourceRequirements) -> Requests {
    let mut amounts = resources.limits.clone().unwrap_or_default();
    amounts.extend(resources.requests.clone().unwrap_or_default());
    of_amounts(&amounts)
}

fn of_amounts(amounts: &BTreeMap<String, KubeQuantity>) -> Requests {
    let devices = gpu::resources().map(|resource| units(amounts, resource));
    let devices = devices.fold(0, u64::saturating_add);
    Requests {
        cpu_milli: quantity(amounts, "cpu").milli(),
        memory: units(amounts, "memory"),
        ephemeral: units(amounts, "ephemeral-storage"),
        gpu: u32::try_from(devices).unwrap_or(u32::MAX),
    }
}
