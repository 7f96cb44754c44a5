//! What is left: nodes, less pods, less reservations whose pods are not scheduled yet.

use std::collections::BTreeMap;

use souk_core::OrderId;

use super::{NodeState, Placement, PodUse, Requests, Reservation};
use crate::{
    config::{Cluster, Config, Overcommit},
    model::kept::Kept,
};

/// Limits that the configuration sets beside the nodes.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// How much more is promised than there is.
    pub overcommit: Overcommit,
    /// The market's classes of persistent storage that are offered, with bytes if limited.
    pub persistent: BTreeMap<String, Option<u64>>,
    /// Addresses for tenants to lease.
    pub leased_ips: u32,
}

impl Limits {
    /// What the configuration sets.
    pub fn of(config: &Config) -> Self {
        Self { overcommit: config.bidding.overcommit, ..Self::of_cluster(&config.cluster) }
    }

    /// What the configuration of the cluster sets.
    pub fn of_cluster(cluster: &Cluster) -> Self {
        let classes = cluster.storage_classes.iter();
        Self {
            overcommit: Overcommit::default(),
            persistent: classes
                .map(|(class, storage)| (class.clone(), storage.capacity.map(|bytes| bytes.0)))
                .collect(),
            leased_ips: cluster.leased_ips,
        }
    }

    /// Without what is taken by volumes that are kept of leases that ended.
    pub fn without_kept(mut self, kept: &[Kept]) -> Self {
        for volume in kept.iter().flat_map(|one| &one.volumes) {
            if let Some(Some(left)) = self.persistent.get_mut(&volume.class) {
                *left = left.saturating_sub(volume.bytes);
            }
        }
        self
    }
}

/// What is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Nodes that tenants' pods can go to, by name.
    pub nodes: Vec<NodeCapacity>,
    /// Bytes left of each class of persistent storage; none without a limit.
    pub persistent: BTreeMap<String, Option<u64>>,
    /// Addresses left.
    pub leased_ips: u32,
    /// How much more is promised than there is.
    pub overcommit: Overcommit,
}

/// What is left on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCapacity {
    /// The node.
    pub node: NodeState,
    /// What is left there.
    pub free: Requests,
    /// How many more pods it takes.
    pub pods: u64,
}

impl Inventory {
    /// What is left for a new order. A reservation counts where its pods are, or, while they are not
    /// scheduled, where it was placed; never twice.
    pub fn new(
        nodes: &[NodeState],
        pods: &[PodUse],
        reservations: &[Reservation],
        limits: &Limits,
    ) -> Self {
        let shrink = |value: u64, percent: u32| {
            let part = u128::from(value).saturating_mul(u128::from(percent.min(100))) / 100;
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        let over = limits.overcommit;
        let room = |node: &NodeState| NodeCapacity {
            free: Requests {
                cpu_milli: shrink(node.allocatable.cpu_milli, over.cpu),
                memory: shrink(node.allocatable.memory, over.memory),
                ephemeral: shrink(node.allocatable.ephemeral, over.storage),
                gpu: node.allocatable.gpu,
            },
            pods: node.pods,
            node: node.clone(),
        };
        let mut rooms: BTreeMap<String, NodeCapacity> =
            nodes.iter().map(|node| (node.name.clone(), room(node))).collect();
        let mut take = |node: &str, requests: Requests| {
            if let Some(room) = rooms.get_mut(node) {
                room.free = room.free.minus(requests);
                room.pods = room.pods.saturating_sub(1);
            }
        };
        for pod in pods {
            take(&pod.node, pod.requests);
        }
        for reservation in reservations {
            for placement in without_pods(reservation, pods) {
                take(&placement.node, placement.requests);
            }
        }
        let nodes = rooms.into_values().filter(|room| room.node.unfit.is_none()).collect();
        let mut inventory = Self {
            nodes,
            persistent: limits.persistent.clone(),
            leased_ips: limits.leased_ips,
            overcommit: over,
        };
        for reservation in reservations {
            let volumes = reservation.placements.iter().flat_map(|p| &p.volumes);
            for (class, bytes) in volumes {
                if let Some(Some(left)) = inventory.persistent.get_mut(class) {
                    *left = left.saturating_sub(*bytes);
                }
            }
            inventory.leased_ips = inventory.leased_ips.saturating_sub(reservation.ips);
        }
        inventory
    }

    /// What is left on one node.
    pub fn room(&self, node: &str) -> Option<&NodeCapacity> {
        self.nodes.iter().find(|room| room.node.name == node)
    }

    /// The sum of what is left on all nodes.
    pub fn free(&self) -> Requests {
        self.nodes.iter().map(|room| room.free).fold(Requests::default(), Requests::plus)
    }
}

/// The placements of a reservation that have no scheduled pod yet.
pub(super) fn without_pods<'a>(
    reservation: &'a Reservation,
    pods: &[PodUse],
) -> Vec<&'a Placement> {
    let mut left: Vec<&Placement> = reservation.placements.iter().collect();
    let own = |pod: &&PodUse| pod.order == Some(OrderId(reservation.order.0));
    for pod in pods.iter().filter(own) {
        // The same node and size, else the same size, else any: pods of an update may differ.
        let same = |p: &&Placement| p.requests == pod.requests;
        let found = left
            .iter()
            .position(|p| p.node == pod.node && same(p))
            .or_else(|| left.iter().position(same))
            .or_else(|| left.iter().position(|p| p.requests.gpu == pod.requests.gpu));
        if let Some(index) = found {
            left.swap_remove(index);
        }
    }
    left
}
