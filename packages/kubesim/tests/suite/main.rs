//! What agents rely on, tested through `kube::Client` alone.
//!
//! Each test starts a simulator. The project's test crate runs the same tests against a real
//! API server (`kubesim_real`), and so does `SOUK_TEST_KUBECONFIG`, the kubeconfig of one with
//! scheduler, controller manager, and kwok for nodes with the annotation
//! `kwok.x-k8s.io/node=fake`. What differs is a defect here.

#![allow(clippy::unwrap_used)]

mod admission;
mod apply;
mod concurrency;
mod deletion;
mod discovery;
mod lists;
mod namespaces;
mod patches;
mod scheduling;
mod services;
#[path = "../support/mod.rs"]
mod support;
mod watching;
mod workloads;

/// The API server to test in place of a simulator.
fn api_server() -> Option<std::path::PathBuf> {
    std::env::var_os("SOUK_TEST_KUBECONFIG").map(Into::into)
}
