//! Three example providers that differ in hardware, prices, regions and attestations.

use souk_kubesim::spec::NodeSpec;

use super::{Profile, Rates};

/// The example providers, and whether the auditor attests what they claim.
pub fn examples() -> Vec<(Profile, bool)> {
    vec![(aurora(), true), (baobab(), true), (cedar(), false)]
}

/// Large, audited, with the newest GPUs, and not the cheapest.
fn aurora() -> Profile {
    let rates = Rates {
        cpu: 20_000,
        memory: 5_000,
        storage: 100,
        gpu: 2_200_000,
        endpoint: 500,
        ip: 5_000,
    };
    Profile::new("aurora", "eu-north", rates)
        .claim("host", "akash")
        .claim("tier", "datacenter")
        .node(NodeSpec::new("gpu", 2, "64", "512Gi").nvidia(8, "NVIDIA-H100-80GB-HBM3", 81_559))
        .node(NodeSpec::new("cpu", 2, "64", "256Gi"))
        .gpu("vendor/nvidia/model/h100")
        .gpu("vendor/nvidia/model/h100/ram/80Gi")
        .gpu("vendor/nvidia/model/h100/ram/80Gi/interface/sxm")
        .gpu("vendor/nvidia/model/h100/interface/sxm")
        .with_storage()
        .with_ips(8)
}

/// Smaller, audited, older GPUs, cheaper.
fn baobab() -> Profile {
    let rates =
        Rates { cpu: 12_000, memory: 3_000, storage: 80, gpu: 1_400_000, endpoint: 500, ip: 4_000 };
    Profile::new("baobab", "af-south", rates)
        .claim("host", "akash")
        .claim("tier", "community")
        .node(NodeSpec::new("gpu", 1, "96", "768Gi").nvidia(8, "NVIDIA-A100-SXM4-80GB", 81_920))
        .gpu("vendor/nvidia/model/a100")
        .gpu("vendor/nvidia/model/a100/ram/80Gi")
        .gpu("vendor/nvidia/model/a100/ram/80Gi/interface/sxm")
        .gpu("vendor/nvidia/model/a100/interface/sxm")
        .with_storage()
}

/// No GPUs, no audit, the lowest prices.
fn cedar() -> Profile {
    let rates =
        Rates { cpu: 7_000, memory: 2_000, storage: 50, gpu: 1_000_000, endpoint: 200, ip: 3_000 };
    Profile::new("cedar", "me-central", rates)
        .claim("tier", "community")
        .node(NodeSpec::new("cpu", 3, "32", "128Gi"))
        .with_storage()
}
