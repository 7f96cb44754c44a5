//! What runs on the simulated nodes: `machine` moves containers from state to state, `missing` finds objects that a
//! pod refers to and that do not exist, `status` writes what the API shows. `controllers::kubelet` drives them.

mod machine;
pub mod missing;
pub mod status;

use std::collections::HashMap;

use serde_json::{Value, json};

pub use machine::{Notice, PodRun};

use crate::clock;

/// What runs on the nodes, by the uid of the pod.
#[derive(Debug, Default)]
pub struct Kubelet {
    /// Pods by uid.
    pub runs: HashMap<String, PodRun>,
    addresses: u32,
}

impl Kubelet {
    /// The next pod address, of 10.244.0.0/14.
    pub fn address(&mut self) -> String {
        self.addresses = self.addresses % 250_000 + 1;
        let n = self.addresses;
        format!("10.{}.{}.{}", 244 + (n >> 16), (n >> 8) & 255, n & 255)
    }
}

/// A node's state as its kubelet reports it.
pub fn node_status(ready: bool) -> Value {
    let now = clock::seconds(clock::now());
    let condition = |kind: &str, holds: bool, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": if holds { "True" } else { "False" },
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        })
    };
    json!([
        condition(
            "MemoryPressure",
            false,
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition(
            "DiskPressure",
            false,
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure"
        ),
        condition(
            "PIDPressure",
            false,
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"
        ),
        if ready {
            condition("Ready", true, "KubeletReady", "kubelet is posting ready status")
        } else {
            condition("Ready", false, "KubeletNotReady", "simulated: this node is not ready")
        },
    ])
}
