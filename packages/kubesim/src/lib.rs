//! An in-memory Kubernetes API as an HTTP server, for demonstrations and fast tests.
//!
//! A request goes from `http` to `registry` (create, update, patch, apply, delete), which reads it by `schema`,
//! completes it by `defaults` and `admission`, checks it by `validate`, settles the ownership of fields by `apply`, and
//! puts it into `store`. Every change of the store becomes work items of `cluster`, which `controllers` and `scheduler`
//! do through the same registry. `kinds` is the one table of kinds; `sim` starts and stops it all.

mod access;
mod admission;
mod apply;
mod bootstrap;
mod clock;
mod cluster;
mod conditions;
mod controllers;
mod defaults;
mod error;
mod events;
mod http;
mod kinds;
mod kubelet;
mod logs;
mod names;
mod patch;
mod quantity;
mod registry;
mod requests;
mod scheduler;
mod schema;
mod selector;
mod sim;
pub mod spec;
mod store;
mod tidy;
mod tls;
mod validate;

pub use access::{Access, AccessError};
pub use error::ApiError;
pub use http::{LogUse, Outage};
pub use sim::{KubeSim, StartError};
pub use spec::{ClusterSpec, NodeSpec, StorageClassSpec};
pub use store::StoreCopy;
pub use tls::TlsError;
