//! Where replicas are placed and what each of them takes.

use serde::{Deserialize, Serialize};

/// What one replica takes from its node: what the scheduler is asked to set aside for it.
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

/// A kind of GPU, in the words of the market's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GpuModel {
    /// `nvidia` or `amd`.
    pub vendor: String,
    /// The canonical model, such as `h100` or `rtx4090`.
    pub model: String,
    /// Memory of one device, such as `80Gi`.
    pub memory: Option<String>,
    /// `sxm` or `pcie`.
    pub interface: Option<String>,
    /// The product label of its nodes, by which a pod is steered to them.
    pub product: String,
}

/// Where one replica goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The resource unit of the group.
    pub unit: u32,
    /// The node that had room. The scheduler may choose another; the sums hold all the same.
    pub node: String,
    /// What it takes there.
    pub requests: Requests,
    /// Persistent volumes: the market's class and bytes of each. They lie on no node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<(String, u64)>,
    /// The GPU that is offered for it, the same for all replicas of a unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuModel>,
}
