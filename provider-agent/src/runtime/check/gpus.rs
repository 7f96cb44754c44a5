//! Checks the GPUs: what is offered, what is not and why, and whether it is claimed and has a price.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use crate::{
    config::Bidding,
    model::{
        bidding::gpu_rate,
        placement::{GpuModel, GpuRefusal, NodeState},
    },
};

const WHAT: &str = "GPUs";

/// Checks the GPUs of the nodes that take tenants.
pub(super) fn check(bidding: &Bidding, nodes: &[&NodeState], report: &mut Report) {
    let mut offered: BTreeMap<String, u64> = BTreeMap::new();
    for node in nodes {
        if let Some(gpu) = &node.gpu {
            let memory = gpu.memory.as_deref().unwrap_or("unknown memory");
            let name = format!("{}/{} {memory}", gpu.vendor, gpu.model);
            *offered.entry(name).or_default() += u64::from(node.allocatable.gpu);
        }
    }
    let list: Vec<String> =
        offered.iter().map(|(name, count)| format!("{count} x {name}")).collect();
    report.ok(WHAT, if list.is_empty() { "none".to_owned() } else { list.join(", ") });
    for node in nodes {
        if let Some(why) = &node.gpus.refusal {
            let found = format!("{}: not offered: {why}", node.name);
            report.warn(WHAT, found, advice(why));
        }
    }
    let models: BTreeSet<&GpuModel> = nodes.iter().filter_map(|node| node.gpu.as_ref()).collect();
    claimed(bidding, &models, report);
    priced(bidding, &models, report);
}

/// What to do about GPUs that are not offered.
fn advice(why: &GpuRefusal) -> &'static str {
    match why {
        GpuRefusal::Unlabelled { .. } => {
            "run GPU feature discovery (NVIDIA) or the node labeller (AMD) on it"
        }
        GpuRefusal::Unreadable { .. } => "correct the label, or look at the labeller's log",
        GpuRefusal::NoDevices { .. } => "run the vendor's device plugin on it, or look at its log",
        GpuRefusal::Shared { .. } => {
            "only whole GPUs are offered: switch sharing off to offer them"
        }
        GpuRefusal::Part { .. } => {
            "only whole GPUs are offered: switch partitions off (MIG; spx_nps1 on AMD) to offer them"
        }
        GpuRefusal::Virtual { .. } => "only whole GPUs are offered to containers",
        GpuRefusal::Changing { .. } => "wait, or look at the log of the MIG manager",
        GpuRefusal::Mixed { .. } | GpuRefusal::Several { .. } => {
            "a node's GPUs are offered only if all are of one model and the labeller counts each: separate the models; meanwhile keep tenants' pods off it by a taint or cluster.node_selector"
        }
        GpuRefusal::Unhealthy { .. } => {
            "look at the device plugin's log and the kernel's; drain the node and repair or reset the GPU"
        }
        GpuRefusal::Dra { .. } => {
            "run the device plugin on it in place of that driver to offer them"
        }
    }
}

/// Each of the market's names must be claimed, or orders by that name are not bid on.
fn claimed(bidding: &Bidding, models: &BTreeSet<&GpuModel>, report: &mut Report) {
    let claims = bidding.claims();
    let keys = models.iter().flat_map(|gpu| {
        gpu.names().map(|name| format!("capabilities/gpu/vendor/{}/model/{name}", gpu.vendor))
    });
    let unclaimed: BTreeSet<String> =
        keys.filter(|key| claims.iter().all(|claim| claim.key != *key)).collect();
    for key in unclaimed {
        let found = format!("the cluster has {key}, which is not claimed: no bids with it");
        report.warn(WHAT, found, "add it to bidding.attributes and to the chain");
    }
}

/// A model without a price is not offered.
fn priced(bidding: &Bidding, models: &BTreeSet<&GpuModel>, report: &mut Report) {
    for table in &bidding.rates {
        let unpriced = models.iter().filter(|gpu| gpu_rate(table, gpu).is_none());
        let names: BTreeSet<String> =
            unpriced.map(|gpu| format!("{}/{}", gpu.vendor, gpu.model)).collect();
        for name in names {
            let found = format!("{name} has no price in {}: no bids with it", table.denom);
            report.warn(
                WHAT,
                found,
                "add it to bidding.rates.gpu_models, or set bidding.rates.gpu",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Node;
    use serde_json::json;

    use super::*;
    use crate::model::placement::GpuRefusal;

    fn node(labels: serde_json::Value, resource: &str, capacity: u32, left: u32) -> NodeState {
        let node = json!({
            "metadata": {"name": "g1", "labels": labels},
            "status": {
                "capacity": {resource: capacity.to_string()},
                "allocatable": {resource: left.to_string(), "cpu": "8"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        });
        NodeState::of(&serde_json::from_value::<Node>(node).unwrap())
    }

    fn lines(nodes: &[NodeState]) -> String {
        let mut report = Report::default();
        let text = "[[rates]]\ndenom = \"usouk\"\ncpu = 1\nmemory = 1\nstorage = 1";
        let bidding: Bidding = toml::from_str(text).unwrap();
        check(&bidding, &nodes.iter().collect::<Vec<_>>(), &mut report);
        report.text()
    }

    #[test]
    fn each_node_whose_gpus_are_not_offered_is_named_with_the_reason() {
        let product = "nvidia.com/gpu.product";
        let mut claimed = node(json!({product: "NVIDIA-L4"}), "nvidia.com/gpu", 1, 1);
        claimed.refuse_gpus(GpuRefusal::Dra { driver: "gpu.nvidia.com".into() });
        let partition = json!({"amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM",
            "amd.com/gpu.compute-memory-partition": "cpx_nps4"});
        let mixed = json!({product: "NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu.count": "2"});
        for (node, expected) in [
            (node(json!({}), "nvidia.com/gpu", 2, 2), "2 nvidia.com/gpu without the label"),
            (node(json!({product: "NVIDIA-L4"}), "cpu", 8, 8), "labelled NVIDIA-L4 and has no"),
            (node(partition, "amd.com/gpu", 64, 64), "compute-memory-partition = cpx_nps4"),
            (node(mixed, "nvidia.com/gpu", 5, 5), "2 devices are labelled NVIDIA-A100-SXM4-80GB"),
            (node(json!({product: "NVIDIA-L4"}), "nvidia.com/gpu", 8, 7), "1 of 8 nvidia.com/gpu"),
            (claimed, "the driver gpu.nvidia.com"),
        ] {
            let text = lines(&[node]);
            assert!(text.contains("ok    GPUs: none"), "{text}");
            assert!(text.contains("warn  GPUs: g1: not offered: "), "{text}");
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }

    #[test]
    fn every_name_of_the_market_must_be_claimed_and_the_model_needs_a_price() {
        let labels = json!({"nvidia.com/gpu.product": "NVIDIA-GeForce-RTX-4080-SUPER",
            "nvidia.com/gpu.memory": "16376"});
        let text = lines(&[node(labels, "nvidia.com/gpu", 2, 2)]);
        for expected in [
            "2 x nvidia/rtx4080super 16Gi",
            "model/rtx4080super, which is not claimed",
            "model/rtx4080s, which is not claimed",
            "nvidia/rtx4080super has no price in usouk",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
