//! What the cluster has left, and where a group fits.
//!
//! A node has left what is allocatable, less the requests of the pods scheduled there, less
//! reservations whose pods are not scheduled yet. [`fit()`] places a group's replicas by best fit,
//! all replicas of a unit with GPUs on one model.

mod available;
mod capacity;
mod detect;
mod devices;
mod faults;
mod fit;
mod gpu;
mod node;
mod pod;
mod requests;
mod reservation;
mod snapshot;

pub use available::{Available, GpuCount, GpuKind};
pub use capacity::{Inventory, Limits, NodeCapacity};
pub use detect::detect_attributes;
pub use devices::{Devices, Unreserved};
pub use faults::{GpuFault, gpu_faults};
pub use fit::{GpuValue, Shortage, fit, leased_ips};
pub use gpu::{GpuModel, GpuRefusal, NodeGpus, NodeLabels};
pub(in crate::model) use node::quantity;
pub use node::{NodeState, Unfit};
pub use pod::PodUse;
pub use requests::{Placement, Requests, Unsupported};
pub use reservation::Reservation;
pub use snapshot::ClusterSnapshot;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
