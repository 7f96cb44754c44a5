//! What a provider has, for its public prices.

use std::collections::BTreeMap;

use super::{Inventory, Requests};

/// What there is, and whether more leases are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Available {
    /// Whether it takes leases now.
    pub takes_leases: bool,
    /// The last block that was read.
    pub height: u64,
    /// What new leases can ask for in all.
    pub free: Requests,
    /// GPUs, by kind.
    pub gpus: BTreeMap<GpuKind, GpuCount>,
}

/// A kind of GPU.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GpuKind {
    /// The vendor.
    pub vendor: String,
    /// The canonical model.
    pub model: String,
    /// A device's memory, such as `80Gi`.
    pub memory: Option<String>,
    /// The interface.
    pub interface: Option<String>,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GpuCount {
    /// Neither used nor reserved.
    pub free: u64,
    /// All.
    pub total: u64,
}

impl Available {
    /// Counts what an inventory has.
    pub fn of(inventory: &Inventory, takes_leases: bool, height: u64) -> Self {
        let mut gpus = BTreeMap::<GpuKind, GpuCount>::new();
        for room in &inventory.nodes {
            let Some(gpu) = &room.node.gpu else { continue };
            let kind = GpuKind {
                vendor: gpu.vendor.clone(),
                model: gpu.model.clone(),
                memory: gpu.memory.clone(),
                interface: gpu.interface.clone(),
            };
            let count = gpus.entry(kind).or_default();
            count.free = count.free.saturating_add(room.free.gpu.into());
            count.total = count.total.saturating_add(room.node.allocatable.gpu.into());
        }
        Self { takes_leases, height, free: inventory.offered(), gpus }
    }
}
