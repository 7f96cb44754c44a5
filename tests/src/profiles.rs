//! Providers for the corpus run, written by hand for what tenants of such a market commonly
//! ask: large plain machines, the usual GPUs, storage of every class, addresses to lease.

use souk_kubesim::spec::NodeSpec;
use souk_localnet::provider::{Profile, Rates};

/// A market's ordinary prices, in base units an hour; cheap, since some files pay very little.
const CHEAP: Rates = Rates { cpu: 10, memory: 5, storage: 1, gpu: 1_000, endpoint: 1, ip: 10 };
/// Bond of a provider that holds hundreds of leases.
const BOND: u128 = 2_000_000_000;

/// A provider with the words that most files ask for.
fn provider(name: &str, region: &str) -> Profile {
    let mut profile = Profile::new(name, region, CHEAP).claim("host", "akash").with_storage();
    profile.bond = BOND;
    profile
}

/// Claims a GPU model in every way that tenants ask for it.
fn model(profile: Profile, model: &str, ram: &str, interface: &str) -> Profile {
    let base = format!("vendor/nvidia/model/{model}");
    profile
        .gpu(&base)
        .gpu(&format!("{base}/ram/{ram}"))
        .gpu(&format!("{base}/ram/{ram}/interface/{interface}"))
        .gpu(&format!("{base}/interface/{interface}"))
}

fn machine(name: &str, count: u32) -> NodeSpec {
    let mut node = NodeSpec::new(name, count, "256", "4Ti");
    node.allocatable.insert("ephemeral-storage".to_owned(), "64Ti".to_owned());
    node.allocatable.insert("pods".to_owned(), "1000".to_owned());
    node
}

/// All of them; the auditor attests each.
pub fn all() -> Vec<Profile> {
    let plain = provider("plain", "us-west")
        .claim("organization", "akash.network")
        .claim("chia-plotting", "true")
        .claim("ip-lease", "true")
        .node(machine("cpu", 8))
        .with_ips(64);
    let east = provider("east", "us-east").node(machine("cpu", 8)).with_ips(64);
    let h100 = model(
        provider("hopper", "eu-north").node(machine("gpu", 8).nvidia(
            8,
            "NVIDIA-H100-80GB-HBM3",
            81_559,
        )),
        "h100",
        "80Gi",
        "sxm",
    );
    let h200 = model(
        provider("hopper-large", "us-west")
            .claim("tee/type", "cpu-gpu")
            .node(machine("gpu", 24).nvidia(8, "NVIDIA-H200", 143_771)),
        "h200",
        "141Gi",
        "sxm",
    );
    let a100 = model(
        provider("ampere", "us-east").node(machine("gpu", 8).nvidia(
            8,
            "NVIDIA-A100-SXM4-80GB",
            81_920,
        )),
        "a100",
        "80Gi",
        "sxm",
    );
    let a100_small = model(
        provider("ampere-small", "eu-west").node(machine("gpu", 2).nvidia(
            8,
            "NVIDIA-A100-SXM4-40GB",
            40_960,
        )),
        "a100",
        "40Gi",
        "sxm",
    );
    let gaming = provider("gaming", "ap-south")
        .node(machine("r3090", 2).nvidia(8, "NVIDIA-GeForce-RTX-3090", 24_576))
        .node(machine("r4090", 2).nvidia(8, "NVIDIA-GeForce-RTX-4090", 24_564))
        .node(machine("r3080", 1).nvidia(8, "NVIDIA-GeForce-RTX-3080", 10_240));
    let gaming = model(gaming, "rtx3090", "24Gi", "pcie");
    let gaming = model(gaming, "rtx4090", "24Gi", "pcie");
    let gaming = model(gaming, "rtx3080", "10Gi", "pcie");
    let small = model(
        provider("inference", "sa-east").node(machine("t4", 2).nvidia(8, "Tesla-T4", 15_360)),
        "t4",
        "16Gi",
        "pcie",
    );
    vec![plain, east, h100, h200, a100, a100_small, gaming, small]
}
