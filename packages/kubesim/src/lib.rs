//! An in-memory Kubernetes API as an HTTP server, for the demo and fast tests.
//!
//! A request goes from `http` to `registry` (create, update, patch, apply, delete), which
//! reads it by `schema`, completes it by `defaults` and `admission`, judges it by `validate`,
//! settles who owns what by `apply`, and puts it into `store`. Every change of the store is
//! work for `controllers` and `scheduler`, which act through the same registry. `kinds` is
//! the one table of kinds; `cluster` is all state, behind one lock; `sim` runs it.

mod admission;
mod apply;
mod bootstrap;
mod clock;
mod cluster;
mod controllers;
mod defaults;
mod error;
mod http;
mod kinds;
mod logs;
mod names;
mod patch;
mod quantity;
mod registry;
mod scheduler;
mod schema;
mod selector;
mod sim;
pub mod spec;
mod store;
mod tls;
mod validate;

pub use error::ApiError;
pub use http::Outage;
pub use sim::{KubeSim, StartError};
pub use spec::{ClusterSpec, NodeSpec, StorageClassSpec};
pub use tls::TlsError;
