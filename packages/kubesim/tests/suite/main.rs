//! What agents rely on, told through `kube::Client` alone.
//!
//! Without further ado each test starts a simulator. With `SOUK_TEST_KUBECONFIG` the tests
//! that use `Fixture::new` run against the API server of that kubeconfig instead; those that
//! use `Fixture::simulated` are about the simulator's own features.

#![allow(clippy::unwrap_used)]

mod admission;
mod apply;
mod binary;
mod concurrency;
mod deletion;
mod lists;
mod logs;
mod namespaces;
mod outages;
mod patches;
mod scheduling;
mod services;
mod storage;
mod support;
mod trouble;
mod watching;
mod workloads;
