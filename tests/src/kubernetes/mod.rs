//! A real Kubernetes cluster on this machine, with simulated nodes by kwok, and real nodes where
//! the machine allows it. The scripts in `tests/kubernetes` do the work.

mod nodes;
mod plane;

pub use nodes::{
    Machine, RealNode, RealNodes, SSH_IMAGE, WEB_IMAGE, real_nodes_cannot_run, ssh_image,
};
pub use plane::{ControlPlane, INGRESS_CLASS, Options, STORAGE_CLASSES};
