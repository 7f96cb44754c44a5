//! The cluster at one moment.

use souk_core::OrderId;

use super::{GpuRefusal, Inventory, Limits, NodeState, PodUse, Reservation};

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
    pub fn left<'a>(
        &self,
        reserved: impl IntoIterator<Item = &'a Reservation>,
        limits: &Limits,
    ) -> Inventory {
        Inventory::new(&self.nodes, &self.pods, reserved, limits)
    }

    /// As [`left`](Self::left), as if the pods of one order were not there.
    pub fn left_without<'a>(
        &self,
        order: OrderId,
        reserved: impl IntoIterator<Item = &'a Reservation>,
        limits: &Limits,
    ) -> Inventory {
        let others = self.pods.iter().filter(|pod| pod.order != Some(order)).cloned();
        let others: Vec<_> = others.collect();
        Inventory::new(&self.nodes, &others, reserved, limits)
    }

    /// Takes GPUs off offer that a driver for dynamic resource allocation hands out: the node's name,
    /// and the driver's. Pods with claims on them are not counted by requests.
    pub fn refuse_claimed<'a>(&mut self, by_node: impl IntoIterator<Item = (&'a str, &'a str)>) {
        for (name, driver) in by_node {
            for node in self.nodes.iter_mut().filter(|node| node.name == name) {
                node.refuse_gpus(GpuRefusal::Dra { driver: driver.to_owned() });
            }
        }
    }

    /// The pods of one order.
    pub fn pods_of(&self, order: OrderId) -> Vec<PodUse> {
        self.pods.iter().filter(|pod| pod.order == Some(order)).cloned().collect()
    }
}
