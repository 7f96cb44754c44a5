//! The Kubernetes cluster: its caches, its inventory and the objects of the leases.

pub mod inventory;
pub mod kube;
pub mod leases;
pub mod workloads;
