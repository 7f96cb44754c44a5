//! The simulator's own features: faults on demand, made-up logs, misbehaving images, addresses
//! and volumes. No other API server has them.

#![allow(clippy::unwrap_used)]

mod binary;
mod logs;
mod outages;
mod services;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod watching;
mod workloads;

/// These tests are about the simulator alone.
fn api_server() -> Option<std::path::PathBuf> {
    None
}
