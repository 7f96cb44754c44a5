//! A running gateway: authorization, manifests, what is open to everybody, and the end of streams.

mod access;
mod dry_runs;
mod manifests;
mod public;
mod server;
mod streams;
mod volumes;

pub use server::{Server, now, send, wallet};
