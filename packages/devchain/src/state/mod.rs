//! What the chain remembers, and the context in which a transaction or query works on it.

pub mod auth;
pub mod authz;
pub mod bank;
mod ctx;
mod kv;

pub use ctx::{BlockEnv, Ctx, Modules};
pub use kv::{Kv, Records, prefix_end};
