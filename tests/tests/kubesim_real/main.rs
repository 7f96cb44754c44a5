//! souk-kubesim against the real thing: the tests of `packages/kubesim/tests/suite`, which the
//! simulator passes, here on kube-apiserver with its controllers and nodes simulated by kwok;
//! and random writes of several managers, which end alike on both.
#![allow(clippy::unwrap_used)]

mod compare;
mod writes;

#[path = "../../../packages/kubesim/tests/suite/admission.rs"]
mod admission;
#[path = "../../../packages/kubesim/tests/suite/apply.rs"]
mod apply;
#[path = "../../../packages/kubesim/tests/suite/concurrency.rs"]
mod concurrency;
#[path = "../../../packages/kubesim/tests/suite/deletion.rs"]
mod deletion;
#[path = "../../../packages/kubesim/tests/suite/discovery.rs"]
mod discovery;
#[path = "../../../packages/kubesim/tests/suite/lists.rs"]
mod lists;
#[path = "../../../packages/kubesim/tests/suite/namespaces.rs"]
mod namespaces;
#[path = "../../../packages/kubesim/tests/suite/patches.rs"]
mod patches;
#[path = "../../../packages/kubesim/tests/suite/scheduling.rs"]
mod scheduling;
#[path = "../../../packages/kubesim/tests/suite/services.rs"]
mod services;
#[path = "../../../packages/kubesim/tests/support/mod.rs"]
mod support;
#[path = "../../../packages/kubesim/tests/suite/watching.rs"]
mod watching;
#[path = "../../../packages/kubesim/tests/suite/workloads.rs"]
mod workloads;

use std::{path::PathBuf, sync::LazyLock};

use souk_tests::kubernetes::{ControlPlane, Options};

/// One for all tests here; it ends with this process.
static PLANE: LazyLock<ControlPlane> = LazyLock::new(|| ControlPlane::start(Options::default()));

/// What the simulator's tests are run against.
fn api_server() -> Option<PathBuf> {
    Some(PLANE.kubeconfig())
}
