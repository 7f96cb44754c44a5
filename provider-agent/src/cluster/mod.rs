//! The Kubernetes cluster: the API ([`kube`]), nodes and pods ([`inventory`]), and the leases that run
//! there ([`leases`]). [`workloads`] is what the gateway needs of it.

pub mod capacity;
pub mod inventory;
pub mod kube;
pub mod leases;
pub mod workloads;
