//! SDL, the language in which a tenant describes a workload: text in, manifest, groups and
//! version hash out.
//!
//! Pure: no I/O, no clock, no network. SDL 2.0 and 2.1 give byte for byte the manifest, the
//! groups and the version hash that the incumbent's tools compute; see the crate's README for
//! the few documented deviations.

pub mod canonical;
pub mod groups;
pub mod manifest;
mod wire;

pub use groups::{DecCoin, Decimal, GroupSpec, PlacementRequirements, ResourceUnit, SignedBy};
pub use manifest::{
    Attribute, Cpu, Endpoint, EndpointKind, Gpu, HttpOptions, ImageCredentials, Manifest,
    ManifestGroup, ManifestService, Memory, Protocol, Quantity, Resources, ServiceExpose,
    ServiceParams, ServicePermissions, Storage, StorageParams, TeeParams,
};
