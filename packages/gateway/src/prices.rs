//! What a provider asks for and has free, for consoles, schedulers and `souk prices`. No more than its configuration
//! says and its status counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_core::{Attribute, Denom};

/// GET of the prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// The provider.
    pub provider: String,
    /// The block up to which the agent has read.
    pub height: u64,
    /// Whether it takes new leases: it bids, is not in maintenance, and the market is not paused.
    pub takes_leases: bool,
    /// What it claims, such as its region.
    pub attributes: Vec<Attribute>,
    /// Prices by denom.
    pub rates: Vec<Rates>,
    /// GPUs that it has, by model.
    pub gpus: Vec<GpuStock>,
    /// Free thousandths of a core.
    pub free_cpu_milli: u64,
    /// Free bytes of memory.
    pub free_memory: u64,
    /// The shortest limit for absence that it agrees with, in seconds.
    pub shortest_absence_limit: u64,
    /// The notice that it gives before it takes a lease back, in seconds; what is asked for if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation_window: Option<u64>,
}

/// Prices in one denom: base units an hour, as decimal numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// The denom.
    pub denom: Denom,
    /// A core.
    pub cpu: String,
    /// A GiB of memory.
    pub memory: String,
    /// A GiB of the container's own disk.
    pub storage: String,
    /// A GiB of persistent storage by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub persistent: BTreeMap<String, String>,
    /// An HTTP or port endpoint.
    pub endpoint: String,
    /// A leased address.
    pub ip: String,
    /// A GPU of a model without a price of its own; none if such models are not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// GPUs by model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu_models: Vec<GpuRate>,
    /// The lowest price of a whole group.
    pub minimum: String,
}

/// The price of a GPU model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuRate {
    /// The vendor; any if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The canonical model, such as `h100`.
    pub model: String,
    /// Bytes of a device's memory; any if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// A device, base units an hour.
    pub price: String,
}

/// GPUs of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuStock {
    /// The vendor.
    pub vendor: String,
    /// The canonical model.
    pub model: String,
    /// Bytes of a device's memory, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// The interface, such as `pcie`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Devices that are neither used nor reserved.
    pub free: u64,
    /// All devices.
    pub total: u64,
}
