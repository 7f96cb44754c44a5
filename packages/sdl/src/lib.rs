//! SDL, the language in which a tenant describes a workload: text in, manifest, groups and
//! version hash out.
//!
//! Pure: no I/O, no clock, no network. SDL 2.0 and 2.1 give byte for byte the manifest, the
//! groups and the version hash that Akash's tools compute; see the crate's README for
//! the few documented deviations. Everything starts at [`compile()`].
//!
//! ```
//! use souk_sdl::{Mapping, Options, compile, templates};
//!
//! let compiled = compile(templates::WEB.text, &Options::default())?;
//! assert_eq!(compiled.manifest[0].services[0].name, "web");
//! assert_eq!(compiled.version, compiled.manifest.version());
//!
//! // What the orderbook gets: whole base units an hour for each group.
//! let order = compiled.order_groups(&Mapping::default())?;
//! assert_eq!(order.groups[0].ceiling.u128(), 20_000);
//!
//! // A file that is refused comes back with all its errors, each with its place.
//! let found = compile("version: \"2.0\"\nservice: {}\n", &Options::default()).unwrap_err();
//! assert!(found.to_string().contains("did you mean `services`?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod canonical;
mod check;
pub mod compile;
mod deployment;
pub mod diagnostics;
mod document;
mod duration;
mod endpoints;
pub mod groups;
pub mod limits;
pub mod manifest;
mod names;
pub mod order;
mod profiles;
mod quantity;
mod reader;
mod reclamation;
pub mod report;
pub mod schema;
mod services;
pub mod souk;
pub mod templates;
pub mod text;
pub mod version;
mod wire;
mod yaml;

pub use compile::{Compiled, Options, compile, compile_bytes};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use groups::{DecCoin, Decimal, GroupSpec, PlacementRequirements, ResourceUnit, SignedBy};
pub use manifest::{
    Attribute, Cpu, Endpoint, EndpointKind, Gpu, HttpOptions, ImageCredentials, Manifest,
    ManifestGroup, ManifestService, Memory, Protocol, Quantity, Resources, ServiceExpose,
    ServiceParams, ServicePermissions, Storage, StorageParams, TeeParams, Value,
};
pub use names::{host_fault, is_host, is_number};
pub use order::{Mapping, Order, OrderError};
pub use report::CompileReport;
pub use souk::{Absence, PriceUnit, SoukOptions};
pub use version::Edition;
