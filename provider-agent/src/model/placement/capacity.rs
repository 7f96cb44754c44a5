//! What is left: nodes, less pods, less reservations whose pods are not scheduled yet.

use std::collections::{BTreeMap, HashMap};

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
    pub fn new<'a>(
        nodes: &[NodeState],
        pods: &[PodUse],
        reservations: impl IntoIterator<Item = &'a Reservation>,
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
        let by_order = by_order(pods);
        let (mut volumes, mut leased_ips) = (limits.persistent.clone(), limits.leased_ips);
        for reservation in reservations {
            for placement in without_pods(reservation, &by_order) {
                take(&placement.node, placement.requests);
            }
            take_volumes(&mut volumes, reservation);
            leased_ips = leased_ips.saturating_sub(reservation.ips);
        }
        let nodes = rooms.into_values().filter(|room| room.node.unfit.is_none()).collect();
        Self { nodes, persistent: volumes, leased_ips, overcommit: over }
    }

    /// Takes a new reservation away, which has no pods yet.
    pub fn reserve(&mut self, reservation: &Reservation) {
        for placement in &reservation.placements {
            let room = self.nodes.iter_mut().find(|room| room.node.name == placement.node);
            if let Some(room) = room {
                room.free = room.free.minus(placement.requests);
                room.pods = room.pods.saturating_sub(1);
            }
        }
        take_volumes(&mut self.persistent, reservation);
        self.leased_ips = self.leased_ips.saturating_sub(reservation.ips);
    }

    /// Whether an order that found no room in `before` may find some here: there is more of anything, or
    /// a node is another.
    pub fn has_more_than(&self, before: &Self) -> bool {
        let known: HashMap<&str, &NodeCapacity> =
            before.nodes.iter().map(|room| (room.node.name.as_str(), room)).collect();
        let more = |room: &NodeCapacity| match known.get(room.node.name.as_str()) {
            None => true,
            Some(before) => {
                room.node != before.node
                    || !before.free.covers(&room.free)
                    || room.pods > before.pods
            }
        };
        // A class without a limit has more than any other.
        let bytes = |left: Option<u64>| left.unwrap_or(u64::MAX);
        self.nodes.iter().any(more)
            || self.leased_ips > before.leased_ips
            || self.persistent.iter().any(|(class, left)| {
                before.persistent.get(class).is_none_or(|before| bytes(*left) > bytes(*before))
            })
    }

    /// What is left on one node.
    pub fn room(&self, node: &str) -> Option<&NodeCapacity> {
        self.nodes.iter().find(|room| room.node.name == node)
    }

    /// The sum of what is left on all nodes, as pods request it.
    pub fn free(&self) -> Requests {
        self.nodes.iter().map(|room| room.free).fold(Requests::default(), Requests::plus)
    }

    /// What new orders can ask for in all. Where more is promised than there is, that is more than pods
    /// can request.
    pub fn offered(&self) -> Requests {
        let free = self.free();
        let over = |value: u64, percent: u32| {
            let scaled = u128::from(value).saturating_mul(u128::from(percent.max(100))) / 100;
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        Requests {
            cpu_milli: over(free.cpu_milli, self.overcommit.cpu),
            memory: over(free.memory, self.overcommit.memory),
            ephemeral: over(free.ephemeral, self.overcommit.storage),
            gpu: free.gpu,
        }
    }
}

fn take_volumes(left: &mut BTreeMap<String, Option<u64>>, reservation: &Reservation) {
    for (class, bytes) in reservation.placements.iter().flat_map(|placed| &placed.volumes) {
        if let Some(Some(left)) = left.get_mut(class) {
            *left = left.saturating_sub(*bytes);
        }
    }
}

/// The pods of each order.
pub(super) type PodsByOrder<'a> = HashMap<OrderId, Vec<&'a PodUse>>;

pub(super) fn by_order(pods: &[PodUse]) -> PodsByOrder<'_> {
    let mut by_order = PodsByOrder::new();
    for pod in pods {
        if let Some(order) = pod.order {
            by_order.entry(order).or_default().push(pod);
        }
    }
    by_order
}

/// The placements of a reservation that have no scheduled pod yet.
pub(super) fn without_pods<'a>(
    reservation: &'a Reservation,
    pods: &PodsByOrder<'_>,
) -> Vec<&'a Placement> {
    let mut left: Vec<&Placement> = reservation.placements.iter().collect();
    for pod in pods.get(&reservation.order).into_iter().flatten() {
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
