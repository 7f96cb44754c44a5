//! How far a pod is kept from its node: the runtime class and the user namespace.

use souk_sdl::ManifestService;

use super::volumes;
use crate::{
    config::{Cluster, UserNamespaces},
    model::placement::Devices,
};

/// The runtime class of a pod: that of its GPUs' vendor, else the one for all.
pub(super) fn runtime_class<'a>(
    cluster: &'a Cluster,
    gpus: Option<&Devices<'_>>,
) -> Option<&'a str> {
    let of_vendor = gpus.and_then(|gpus| cluster.gpu_runtime_classes.get(&gpus.model.vendor));
    of_vendor.or(cluster.runtime_class.as_ref()).map(String::as_str)
}

/// Whether a pod has a user namespace. `auto` was settled for the cluster when the agent started.
pub(super) fn has_user_namespace(
    cluster: &Cluster,
    service: &ManifestService,
    gpus: Option<&Devices<'_>>,
) -> bool {
    match cluster.user_namespaces {
        UserNamespaces::On => true,
        UserNamespaces::Off => false,
        UserNamespaces::Auto => gpus.is_none() && volumes::persistent(service).next().is_none(),
    }
}
