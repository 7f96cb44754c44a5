//! GPU models, read from the labels that NVIDIA's feature discovery and AMD's labeller put on nodes,
//! as the market's attributes name them.
//!
//! `table` knows the devices by their public identities, `name` reads what it does not know, `memory`
//! decides between a name's number and the measured label, and `whole`, `nvidia` and `amd` hold every sign by
//! which a device is no whole GPU of one model. `read` puts them together.

mod amd;
mod memory;
mod name;
mod nvidia;
mod read;
mod refusal;
mod table;
mod vendor;
mod whole;

use serde::{Deserialize, Serialize};
use souk_core::{Attribute, attributes::key_matches};

pub use read::NodeGpus;
pub use refusal::GpuRefusal;

/// A GPU model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GpuModel {
    /// `nvidia` or `amd`.
    pub vendor: String,
    /// The canonical model, such as `h100` or `rtx4090`.
    pub model: String,
    /// Nominal memory of one device, such as `80Gi`.
    pub memory: Option<String>,
    /// `sxm`, `oam` or `pcie`.
    pub interface: Option<String>,
    /// The value of its nodes' product label, which pods select them by.
    pub product: String,
}

impl GpuModel {
    /// The extended resource that a pod requests, such as `nvidia.com/gpu`; none if the vendor is not
    /// known.
    pub fn resource(&self) -> Option<&'static str> {
        vendor::named(&self.vendor).map(|vendor| vendor.resource)
    }

    /// What the labels of a node must and must not say for its devices to be whole ones of this model;
    /// none if the vendor is not known.
    pub fn node_labels(&self) -> Option<NodeLabels<'_>> {
        let vendor = vendor::named(&self.vendor)?;
        Some(NodeLabels { product: (vendor.product, &self.product), wrong: vendor.wrong })
    }

    /// The market's names for it: the model, then others that orders may use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let device = table::by_name(&self.vendor, &self.product);
        let aliases = device.map(|device| device.aliases.as_slice()).unwrap_or_default();
        std::iter::once(self.model.as_str()).chain(aliases.iter().map(String::as_str))
    }

    /// Whether the market calls it so.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The keys by which a tenant may ask for it, below `capabilities/gpu/`.
    pub fn keys(&self) -> Vec<String> {
        self.names().flat_map(|name| self.keys_by(name)).collect()
    }

    fn keys_by(&self, name: &str) -> Vec<String> {
        let base = format!("vendor/{}/model/{name}", self.vendor);
        let mut keys = vec![base.clone()];
        let interface = self.interface.as_ref().map(|interface| format!("/interface/{interface}"));
        if let Some(memory) = &self.memory {
            keys.push(format!("{base}/ram/{memory}"));
            keys.extend(interface.iter().map(|i| format!("{base}/ram/{memory}{i}")));
        }
        keys.extend(interface.iter().map(|i| format!("{base}{i}")));
        keys
    }

    /// Whether it matches one of `wanted` (keys with value `true`).
    pub fn is_one_of(&self, wanted: &[Attribute]) -> bool {
        fits(&self.keys(), wanted)
    }

    /// The fullest key for it, by the first of its names that `wanted` asks for.
    pub fn offered_as(&self, wanted: &[Attribute]) -> String {
        let mut keys = self.names().map(|name| self.keys_by(name)).filter(|k| fits(k, wanted));
        let keys = keys.next().unwrap_or_else(|| self.keys_by(&self.model));
        keys.into_iter().max_by_key(String::len).unwrap_or_default()
    }
}

/// The labels of nodes that a pod with GPUs may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLabels<'a> {
    /// The label that names the product, and its value.
    pub product: (&'static str, &'a str),
    /// Labels with the values that they must not have, since such devices are shares or parts.
    pub wrong: &'static [(&'static str, &'static [&'static str])],
}

fn fits(keys: &[String], wanted: &[Attribute]) -> bool {
    let fits = |wanted: &Attribute| keys.iter().any(|key| key_matches(&wanted.key, key));
    wanted.iter().any(|wanted| wanted.value == "true" && fits(wanted))
}

/// All extended resources that are GPUs of some vendor.
pub(super) fn resources() -> impl Iterator<Item = &'static str> {
    vendor::VENDORS.iter().map(|vendor| vendor.resource)
}

pub(super) use read::read;

#[cfg(test)]
mod tests;
