//! What the chain remembers, and the context in which a transaction or query works on it.

pub mod auth;
pub mod bank;
pub mod coins;
pub mod ctx;
pub mod kv;

pub use ctx::{BlockEnv, Ctx};
pub use kv::{Kv, Records};
