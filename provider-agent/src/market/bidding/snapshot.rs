//! The cluster as it was seen at the beginning of a round.

use souk_core::OrderId;

use super::run::Deps;
use crate::{
    cluster::inventory::Observed,
    config::Config,
    model::placement::{Inventory, Limits, PodUse},
    store::ReservationRow,
};

/// Nodes and pods, from which reservations are taken.
pub(super) struct Stock {
    observed: Option<Observed>,
    trouble: String,
    limits: Limits,
}

impl Stock {
    pub fn new(deps: &Deps) -> Self {
        Self {
            observed: deps.cluster.observe(),
            trouble: deps.cluster.trouble().unwrap_or_default(),
            limits: limits(&deps.config),
        }
    }

    /// Why the cluster cannot be seen, if so.
    pub fn trouble(&self) -> &str {
        &self.trouble
    }

    /// What is left beside these reservations; none if the cluster cannot be seen.
    pub fn left(&self, reserved: &[ReservationRow]) -> Option<Inventory> {
        let seen = self.observed.as_ref()?;
        Some(Inventory::new(&seen.nodes, &seen.pods, reserved, &self.limits))
    }

    /// The pods of one order.
    pub fn pods_of(&self, order: OrderId) -> Vec<PodUse> {
        let pods = self.observed.iter().flat_map(|seen| &seen.pods);
        pods.filter(|pod| pod.order == Some(order)).cloned().collect()
    }

    /// The same as if the pods of one order were not there.
    pub fn left_without(&self, order: OrderId, reserved: &[ReservationRow]) -> Option<Inventory> {
        let seen = self.observed.as_ref()?;
        let others = seen.pods.iter().filter(|pod| pod.order != Some(order)).cloned();
        let others: Vec<_> = others.collect();
        Some(Inventory::new(&seen.nodes, &others, reserved, &self.limits))
    }
}

/// What the configuration sets beside the nodes.
pub(crate) fn limits(config: &Config) -> Limits {
    let classes = config.cluster.storage_classes.iter();
    Limits {
        overcommit: config.bidding.overcommit,
        persistent: classes
            .map(|(class, storage)| (class.clone(), storage.capacity.map(|bytes| bytes.0)))
            .collect(),
        leased_ips: config.cluster.leased_ips,
    }
}
