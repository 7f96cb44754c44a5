//! The GPUs of a service's pods: what the manifest asks for, of the model that was reserved. Pods are
//! made from this alone, so that no pod is made without the GPUs that its manifest asks for.

use std::{collections::BTreeSet, num::NonZeroU64};

use super::{GpuModel, NodeLabels, Placement};

/// The GPUs of each replica of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Devices<'a> {
    /// The model that was reserved.
    pub model: &'a GpuModel,
    /// The extended resource that pods request.
    pub resource: &'static str,
    /// What the labels of a node must and must not say.
    pub labels: NodeLabels<'a>,
    /// Devices of one replica.
    pub units: NonZeroU64,
    /// The nodes on which they were reserved.
    pub nodes: BTreeSet<&'a str>,
}

/// The GPUs that a manifest asks for are not reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "service {service} asks for {wanted} GPUs a replica, and {problem}; it waits until the provider has them, and what runs stays as it is"
)]
pub struct Unreserved {
    /// The service.
    pub service: String,
    /// Devices that one replica asks for.
    pub wanted: u64,
    /// What is wrong with the reservation.
    pub problem: String,
}

impl<'a> Devices<'a> {
    /// The GPUs of a service, `wanted` for each replica; none if it asks for none. `placements` are
    /// those of its unit.
    ///
    /// # Errors
    ///
    /// If they are not reserved: no placement, one without a GPU, of other models or of another number.
    pub fn of(
        service: &str,
        wanted: u64,
        placements: impl IntoIterator<Item = &'a Placement>,
    ) -> Result<Option<Self>, Unreserved> {
        let Some(units) = NonZeroU64::new(wanted) else { return Ok(None) };
        let unreserved =
            |problem: String| Unreserved { service: service.to_owned(), wanted, problem };
        let mut found: Option<Self> = None;
        for placement in placements {
            let Some(model) = &placement.gpu else {
                return Err(unreserved(format!("none is reserved on {}", placement.node)));
            };
            let reserved = placement.requests.gpu;
            if u64::from(reserved) != wanted {
                return Err(unreserved(format!("{reserved} are reserved on {}", placement.node)));
            }
            let (Some(resource), Some(labels)) = (model.resource(), model.node_labels()) else {
                return Err(unreserved(format!("the vendor `{}` is not known", model.vendor)));
            };
            let known = found.get_or_insert_with(|| Self {
                model,
                resource,
                labels,
                units,
                nodes: BTreeSet::new(),
            });
            if known.model != model {
                let models = format!("{} and {}", known.model.product, model.product);
                return Err(unreserved(format!("both {models} are reserved for its replicas")));
            }
            known.nodes.insert(placement.node.as_str());
        }
        found.map(Some).ok_or_else(|| unreserved("none is reserved".to_owned()))
    }
}
