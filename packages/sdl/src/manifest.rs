//! The manifest: what a provider is to run, and whose hash is on chain.
//!
//! Field names, their order and what is left out are Akash's JSON, since the version is
//! the SHA-256 of that JSON with sorted keys. Reading refuses unknown keys and every form that
//! would not write back to the same bytes.

mod resources;
mod service;

use std::ops::Deref;

use serde::{Deserialize, Serialize};

pub use resources::{
    Attribute, Cpu, Endpoint, EndpointKind, Gpu, Memory, Quantity, QuantityError, Resources,
    Storage, Value,
};
pub use service::{
    HttpOptions, ImageCredentials, ManifestService, Protocol, ServiceExpose, ServiceParams,
    ServicePermissions, StorageParams, TeeParams,
};

/// All groups of a deployment, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Manifest(pub Vec<ManifestGroup>);

/// What runs at one provider: the services of one placement, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestGroup {
    /// The placement's name.
    pub name: String,
    /// The services.
    pub services: Vec<ManifestService>,
}

impl Deref for Manifest {
    type Target = Vec<ManifestGroup>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
