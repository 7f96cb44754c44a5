//! The placement of replicas and what each of them requests.

use serde::{Deserialize, Serialize};
use souk_core::Resources;

use super::GpuModel;
use crate::config::Overcommit;

/// The resource requests of one replica, or the capacity of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Thousandths of a core.
    pub cpu_milli: u64,
    /// Bytes.
    pub memory: u64,
    /// Bytes of the node's own disk.
    pub ephemeral: u64,
    /// Devices.
    pub gpu: u32,
}

/// The placement of one replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The resource unit of the group.
    pub unit: u32,
    /// The node that it was placed on. The scheduler may choose another; the sums are the same.
    pub node: String,
    /// Its requests.
    pub requests: Requests,
    /// Persistent volumes: the market's class and the bytes of each. They are on no node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<(String, u64)>,
    /// The GPU that is offered for it, the same for all replicas of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuModel>,
}

/// A request that this agent does not support.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// An attribute of the CPU.
    #[error("CPU attribute {0} is not supported; only arch is")]
    Cpu(souk_core::Attribute),
}

impl Requests {
    /// The requests of a replica. Its limits are the resources themselves; requests are reduced by
    /// the overcommit. Volumes in memory count as memory, other volumes that are not persistent as
    /// the node's disk.
    pub fn of(resources: &Resources, overcommit: Overcommit) -> Self {
        let (mut memory, mut ephemeral) = (resources.memory, 0u64);
        for volume in resources.storage.iter().filter(|volume| !volume.is_persistent()) {
            let sum = match volume.attribute("class") {
                Some("ram") => &mut memory,
                _ => &mut ephemeral,
            };
            *sum = sum.saturating_add(volume.size);
        }
        Self {
            cpu_milli: less(resources.cpu_milli, overcommit.cpu),
            memory: less(memory, overcommit.memory),
            ephemeral: less(ephemeral, overcommit.storage),
            gpu: resources.gpu.as_ref().map_or(0, |gpu| gpu.units),
        }
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_add(other.cpu_milli),
            memory: self.memory.saturating_add(other.memory),
            ephemeral: self.ephemeral.saturating_add(other.ephemeral),
            gpu: self.gpu.saturating_add(other.gpu),
        }
    }

    /// The difference, nothing below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.saturating_sub(other.cpu_milli),
            memory: self.memory.saturating_sub(other.memory),
            ephemeral: self.ephemeral.saturating_sub(other.ephemeral),
            gpu: self.gpu.saturating_sub(other.gpu),
        }
    }

    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.max(other.cpu_milli),
            memory: self.memory.max(other.memory),
            ephemeral: self.ephemeral.max(other.ephemeral),
            gpu: self.gpu.max(other.gpu),
        }
    }

    /// Whether `wanted` fits into this.
    pub fn covers(&self, wanted: &Self) -> bool {
        self.cpu_milli >= wanted.cpu_milli
            && self.memory >= wanted.memory
            && self.ephemeral >= wanted.ephemeral
            && self.gpu >= wanted.gpu
    }
}

/// The persistent volumes of a replica: the market's class and bytes. Persistent without a
/// class is the class `default`.
pub(super) fn persistent_volumes(resources: &Resources) -> Vec<(String, u64)> {
    let persistent = resources.storage.iter().filter(|volume| volume.is_persistent());
    let class =
        |volume: &souk_core::Volume| volume.attribute("class").unwrap_or("default").to_owned();
    persistent.map(|volume| (class(volume), volume.size)).collect()
}

/// The architecture that a replica asks for, if any.
pub(super) fn wanted_arch(resources: &Resources) -> Result<Option<&str>, Unsupported> {
    let mut arch = None;
    for attribute in &resources.cpu_attributes {
        match attribute.key.as_str() {
            "arch" => arch = Some(attribute.value.as_str()),
            _ => return Err(Unsupported::Cpu(attribute.clone())),
        }
    }
    Ok(arch)
}

/// Reduces a request by the overcommit, never below 1. Below 100 per cent the capacity is reduced
/// instead, since Kubernetes refuses a request above its limit.
fn less(value: u64, percent: u32) -> u64 {
    let scaled = u128::from(value).saturating_mul(100).div_ceil(u128::from(percent.max(100)));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
