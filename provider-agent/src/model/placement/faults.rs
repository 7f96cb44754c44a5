//! GPUs that fail, or are no longer what leases were promised.

use std::collections::{BTreeMap, BTreeSet};

use souk_core::OrderId;

use super::{
    ClusterSnapshot, GpuRefusal, Reservation,
    capacity::{by_order, without_pods},
};

/// A node whose GPUs fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuFault {
    /// The node.
    pub node: String,
    /// What is wrong, in words.
    pub problem: String,
    /// The leases and bids that hold GPUs there.
    pub orders: BTreeSet<OrderId>,
}

impl std::fmt::Display for GpuFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GPUs of node {}: {}", self.node, self.problem)
    }
}

impl GpuFault {
    /// The fault as a tenant with GPUs there may read it: nodes' names are the operator's.
    pub fn for_tenant(&self) -> String {
        format!("GPUs of the node: {}", self.problem)
    }
}

/// What orders hold on a node.
#[derive(Default)]
struct Held {
    devices: u32,
    orders: BTreeSet<OrderId>,
}

/// The nodes with devices that failed, and those where orders hold GPUs that are not there, or not
/// offered any more. Sorted by node.
pub fn gpu_faults<'a>(
    cluster: &ClusterSnapshot,
    reservations: impl IntoIterator<Item = &'a Reservation>,
) -> Vec<GpuFault> {
    let pods = by_order(&cluster.pods);
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    let mut hold = |node: &str, devices: u32, order| {
        if devices > 0 {
            let held: &mut Held = held.entry(node.to_owned()).or_default();
            held.devices = held.devices.saturating_add(devices);
            held.orders.insert(order);
        }
    };
    for pod in &cluster.pods {
        if let Some(order) = pod.order {
            hold(pod.node.as_str(), pod.requests.gpu, order);
        }
    }
    for reservation in reservations {
        for placement in without_pods(reservation, &pods) {
            hold(placement.node.as_str(), placement.requests.gpu, reservation.order);
        }
    }
    let mut faults = Vec::new();
    for node in &cluster.nodes {
        let Held { devices, orders } = held.remove(node.name.as_str()).unwrap_or_default();
        let there = node.gpus.allocatable;
        let mut problems = Vec::new();
        match &node.gpus.refusal {
            Some(why @ GpuRefusal::Unhealthy { .. }) => problems.push(why.to_string()),
            Some(why) if devices > 0 => problems.push(why.to_string()),
            _ => {}
        }
        if devices > there {
            problems.push(format!("leases and bids hold {devices}, {there} can be allocated"));
        }
        if !problems.is_empty() {
            let (node, problem) = (node.name.clone(), problems.join("; "));
            faults.push(GpuFault { node, problem, orders });
        }
    }
    let gone = held.into_iter().map(|(node, held)| GpuFault {
        node,
        problem: format!("leases and bids hold {}, and the node is gone", held.devices),
        orders: held.orders,
    });
    faults.extend(gone);
    faults.sort_by(|one, other| one.node.cmp(&other.node));
    faults
}
