//! The cluster at one moment.

use souk_core::OrderId;

use super::{Inventory, Limits, NodeState, PodUse, Reservation};

/// The nodes and pods of a cluster at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterSnapshot {
    /// All nodes.
    pub nodes: Vec<NodeState>,
    /// All pods that are scheduled.
    pub pods: Vec<PodUse>,
}

impl ClusterSnapshot {
    /// What is left beside the pods and these reservations.
    pub fn left(&self, reserved: &[Reservation], limits: &Limits) -> Inventory {
        Inventory::new(&self.nodes, &self.pods, reserved, limits)
    }

    /// As [`left`](Self::left), as if the pods of one order were not there.
    pub fn left_without(
        &self,
        order: OrderId,
        reserved: &[Reservation],
        limits: &Limits,
    ) -> Inventory {
        let others = self.pods.iter().filter(|pod| pod.order != Some(order)).cloned();
        let others: Vec<_> = others.collect();
        Inventory::new(&self.nodes, &others, reserved, limits)
    }

    /// The pods of one order.
    pub fn pods_of(&self, order: OrderId) -> Vec<PodUse> {
        self.pods.iter().filter(|pod| pod.order == Some(order)).cloned().collect()
    }
}
