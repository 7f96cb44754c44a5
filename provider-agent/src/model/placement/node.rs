//! The state of a node: whether tenants' pods can be scheduled there, and what it has.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::Node, apimachinery::pkg::api::resource::Quantity as KubeQuantity,
};
use souk_core::Quantity;

use super::{GpuModel, GpuRefusal, NodeGpus, Requests, gpu};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// Its architecture, such as `amd64`.
    pub arch: String,
    /// What can be allocated in all.
    pub allocatable: Requests,
    /// The most pods on it.
    pub pods: u64,
    /// The model of its GPUs, if it has any to offer.
    pub gpu: Option<GpuModel>,
    /// Its GPUs, offered or not.
    pub gpus: NodeGpus,
    /// Whether a taint keeps it for pods with GPUs.
    pub gpu_only: bool,
    /// Why no tenant's pod can be scheduled there at present.
    pub unfit: Option<Unfit>,
}

/// Why a node takes no tenants' pods.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A condition: not ready, or under pressure.
    #[error("condition {0}")]
    Condition(String),
    /// It is cordoned.
    #[error("cordoned")]
    Cordoned,
    /// A taint that tenants' pods do not tolerate.
    #[error("taint {0}")]
    Taint(String),
}

const PRESSURE: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

impl NodeState {
    /// Reads a node.
    pub fn of(node: &Node) -> Self {
        let labels = node.metadata.labels.clone().unwrap_or_default();
        let status = node.status.clone().unwrap_or_default();
        let amounts = status.allocatable.unwrap_or_default();
        let all = |amounts: &BTreeMap<String, KubeQuantity>| -> BTreeMap<String, u64> {
            amounts.keys().map(|name| (name.clone(), units(amounts, name))).collect()
        };
        let capacity = all(&status.capacity.unwrap_or_default());
        let (gpus, gpu) = gpu::read(&labels, &capacity, &all(&amounts));
        let (unfit, gpu_only) = judge(node);
        Self {
            name: node.metadata.name.clone().unwrap_or_default(),
            arch: labels.get("kubernetes.io/arch").cloned().unwrap_or_else(|| "amd64".into()),
            allocatable: Requests {
                cpu_milli: quantity(&amounts, "cpu").milli(),
                memory: units(&amounts, "memory"),
                ephemeral: units(&amounts, "ephemeral-storage"),
                gpu: if gpu.is_some() { gpus.allocatable } else { 0 },
            },
            pods: amounts.get("pods").map_or(110, |_| units(&amounts, "pods")),
            gpu,
            gpus,
            gpu_only,
            unfit,
        }
    }
}

impl NodeState {
    /// Takes its GPUs off offer.
    pub fn refuse_gpus(&mut self, why: GpuRefusal) {
        self.gpu = None;
        self.allocatable.gpu = 0;
        self.gpus.refusal = Some(why);
    }
}

/// Why no pod can be scheduled there, and whether it takes only pods with GPUs.
fn judge(node: &Node) -> (Option<Unfit>, bool) {
    let spec = node.spec.clone().unwrap_or_default();
    let conditions = node.status.as_ref().and_then(|s| s.conditions.clone()).unwrap_or_default();
    let ready = conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    if !ready {
        return (Some(Unfit::Condition("Ready is not True".into())), false);
    }
    let bad = |kind: &str| conditions.iter().any(|c| c.type_ == kind && c.status == "True");
    if let Some(kind) = PRESSURE.into_iter().find(|kind| bad(kind)) {
        return (Some(Unfit::Condition(kind.into())), false);
    }
    if spec.unschedulable == Some(true) {
        return (Some(Unfit::Cordoned), false);
    }
    let mut gpu_only = false;
    for taint in spec.taints.unwrap_or_default() {
        if !matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute") {
            continue;
        }
        if gpu::resources().any(|resource| resource == taint.key) {
            gpu_only = true;
            continue;
        }
        return (Some(Unfit::Taint(taint.key)), false);
    }
    (None, gpu_only)
}

pub(in crate::model) fn quantity(amounts: &BTreeMap<String, KubeQuantity>, name: &str) -> Quantity {
    // An unreadable amount counts as 0, so that too little is offered rather than too much.
    amounts.get(name).and_then(|q| q.0.parse().ok()).unwrap_or(Quantity::ZERO)
}

pub(super) fn units(amounts: &BTreeMap<String, KubeQuantity>, name: &str) -> u64 {
    quantity(amounts, name).units()
}
