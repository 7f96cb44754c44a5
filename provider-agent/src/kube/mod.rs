//! What a lease looks like in Kubernetes: its objects, how they are written, and the caches
//! that watch them.

pub mod apply;
pub mod cache;
pub mod events;
pub mod fingerprint;
pub mod logs;
pub mod objects;
mod owner;
pub mod patience;
pub mod watch;

pub use owner::Owner;
