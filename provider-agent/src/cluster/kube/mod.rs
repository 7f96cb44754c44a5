//! The Kubernetes API: a lease's objects, how they are applied, and the caches that watch them.

pub mod apply;
pub mod cache;
pub mod claims;
pub mod client;
pub mod events;
pub mod fingerprint;
pub mod logs;
pub mod objects;
pub mod streams;
pub mod timeout;
pub mod watch;
