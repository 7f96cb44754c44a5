//! The Kubernetes API: a lease's objects, how they are applied, and the caches that watch them.

pub mod apply;
pub mod cache;
pub mod claims;
pub mod client;
pub mod collision;
pub mod container_log;
pub mod deletions;
pub mod events;
pub mod fence;
pub mod fingerprint;
pub mod logs;
pub mod message;
pub mod objects;
pub mod other_hosts;
pub mod seen;
pub mod streams;
pub mod timeout;
mod trim;
pub mod user_namespaces;
pub mod view;
pub mod watch;
