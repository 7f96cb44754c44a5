//! The simulator's own features: faults on demand, generated logs, failing images, addresses
//! and volumes. No other API server has them.

#![allow(clippy::unwrap_used)]

mod access;
mod binary;
mod failures;
mod logs;
mod outages;
mod services;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod watching;
mod workloads;

/// These tests are about the simulator alone.
fn api_server() -> Option<std::path::PathBuf> {
    None
}
