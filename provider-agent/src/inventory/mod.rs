//! What the cluster has left, and where a group would fit.

mod placement;

pub use placement::{GpuModel, Placement, Requests};
