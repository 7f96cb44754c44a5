//! GPU models, read from the labels that NVIDIA's feature discovery and AMD's labeller put on nodes,
//! as the market's attributes name them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use souk_core::{Attribute, attributes::key_matches};

/// A GPU model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GpuModel {
    /// `nvidia` or `amd`.
    pub vendor: String,
    /// The canonical model, such as `h100` or `rtx4090`.
    pub model: String,
    /// Nominal memory of one device, such as `80Gi`.
    pub memory: Option<String>,
    /// `sxm`, `oam` or `pcie`.
    pub interface: Option<String>,
    /// The value of its nodes' product label, which pods select them by.
    pub product: String,
}

/// A vendor's extended resource, product label, memory label and the unit of that in bytes.
struct Vendor {
    name: &'static str,
    resource: &'static str,
    product: &'static str,
    memory: &'static str,
    memory_unit: u64,
}

const VENDORS: [Vendor; 2] = [
    Vendor {
        name: "nvidia",
        resource: "nvidia.com/gpu",
        product: "nvidia.com/gpu.product",
        memory: "nvidia.com/gpu.memory",
        memory_unit: 1 << 20,
    },
    Vendor {
        name: "amd",
        resource: "amd.com/gpu",
        product: "amd.com/gpu.product-name",
        memory: "amd.com/gpu.vram",
        memory_unit: 1,
    },
];

/// Nominal sizes in GiB; what a driver reports is a few per cent less.
const SIZES: [u64; 22] =
    [2, 3, 4, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 141, 180, 192, 288];

impl GpuModel {
    /// The GPU model of a node by its labels. None for devices that are shared by time slicing or
    /// partitioning: they are not offered as whole ones.
    pub fn of_labels(labels: &BTreeMap<String, String>) -> Option<Self> {
        VENDORS.iter().find_map(|vendor| vendor.model(labels))
    }

    /// The extended resource that a pod requests, such as `nvidia.com/gpu`.
    pub fn resource(&self) -> &'static str {
        self.vendor_info().resource
    }

    /// The node label that names the product, and its value.
    pub fn node_label(&self) -> (&'static str, &str) {
        (self.vendor_info().product, &self.product)
    }

    fn vendor_info(&self) -> &'static Vendor {
        let [nvidia, amd] = &VENDORS;
        if self.vendor == amd.name { amd } else { nvidia }
    }

    /// The keys by which a tenant may ask for it, below `capabilities/gpu/`.
    pub fn keys(&self) -> Vec<String> {
        let base = format!("vendor/{}/model/{}", self.vendor, self.model);
        let mut keys = vec![base.clone()];
        let interface = self.interface.as_ref().map(|interface| format!("/interface/{interface}"));
        if let Some(memory) = &self.memory {
            keys.push(format!("{base}/ram/{memory}"));
            keys.extend(interface.iter().map(|i| format!("{base}/ram/{memory}{i}")));
        }
        keys.extend(interface.iter().map(|i| format!("{base}{i}")));
        keys
    }

    /// Whether it matches one of `wanted` (keys with value `true`).
    pub fn is_one_of(&self, wanted: &[Attribute]) -> bool {
        let keys = self.keys();
        let fits = |wanted: &Attribute| keys.iter().any(|key| key_matches(&wanted.key, key));
        wanted.iter().any(|wanted| wanted.value == "true" && fits(wanted))
    }
}

/// All extended resources that are GPUs of some vendor.
pub(super) fn resources() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|vendor| vendor.resource)
}

impl Vendor {
    fn model(&self, labels: &BTreeMap<String, String>) -> Option<GpuModel> {
        let product = labels.get(self.product)?;
        let shared = |key: &str, whole: &[&str]| {
            labels.get(key).is_some_and(|value| !whole.contains(&value.as_str()))
        };
        let is_shared = product.ends_with("-SHARED")
            || shared("nvidia.com/gpu.sharing-strategy", &["none", ""])
            || shared("nvidia.com/gpu.replicas", &["1", "0", ""])
            || labels.get("nvidia.com/mig.strategy").is_some_and(|s| s == "single")
                && product.contains("-MIG-");
        if is_shared {
            return None;
        }
        let words: Vec<String> =
            product.split(['-', '_', ' ']).map(str::to_ascii_lowercase).collect();
        let memory = named_memory(&words).or_else(|| self.measured_memory(labels));
        let interface = interface(&words).to_owned();
        let kept = words.iter().map(String::as_str).filter(|word| !is_noise(word));
        let model: String = kept.collect();
        if model.is_empty() || !model.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
            return None;
        }
        Some(GpuModel {
            vendor: self.name.to_owned(),
            model,
            memory: memory.map(|gib| format!("{gib}Gi")),
            interface: Some(interface),
            product: product.clone(),
        })
    }

    fn measured_memory(&self, labels: &BTreeMap<String, String>) -> Option<u64> {
        let text = labels.get(self.memory)?;
        let bytes = match text.parse::<u64>() {
            Ok(number) => number.checked_mul(self.memory_unit)?,
            // AMD writes `192G` for 192 GiB.
            Err(_) => text.strip_suffix('G')?.parse::<u64>().ok()?.checked_mul(1 << 30)?,
        };
        let gib = bytes.div_ceil(1 << 30);
        // Up to an eighth below the nominal size, for error correction and firmware.
        let nominal = SIZES.iter().find(|size| **size >= gib && gib * 8 >= **size * 7);
        Some(nominal.copied().unwrap_or(gib))
    }
}

/// Some products carry their size in their name: `A100-SXM4-80GB`.
fn named_memory(words: &[String]) -> Option<u64> {
    words.iter().find_map(|word| word.strip_suffix("gb")?.parse().ok())
}

fn interface(words: &[String]) -> &'static str {
    let has = |wanted: &str| words.iter().any(|word| word.starts_with(wanted));
    let sxm_only = ["h200", "b200", "b300", "gh200", "gb200", "gb300"];
    let is_sxm_only = words.iter().any(|word| sxm_only.contains(&word.as_str()));
    if has("oam") || has("mi250") || has("mi3") {
        "oam"
    } else if has("pcie") || has("nvl") {
        "pcie"
    } else if has("sxm") || has("hbm3") || is_sxm_only {
        "sxm"
    } else {
        "pcie"
    }
}

/// Words of a product name that do not distinguish models.
fn is_noise(word: &str) -> bool {
    const WORDS: [&str; 20] = [
        "nvidia",
        "tesla",
        "geforce",
        "quadro",
        "amd",
        "instinct",
        "radeon",
        "pcie",
        "nvl",
        "oam",
        "hbm2",
        "hbm2e",
        "hbm3",
        "hbm3e",
        "generation",
        "blackwell",
        "server",
        "workstation",
        "edition",
        "gpu",
    ];
    WORDS.contains(&word)
        || word.starts_with("sxm")
        || word.strip_suffix("gb").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn products_have_the_markets_names() {
        for (product, memory, expected) in [
            ("NVIDIA-H100-80GB-HBM3", "81559", "nvidia h100 80Gi sxm"),
            ("NVIDIA-H100-PCIe", "81559", "nvidia h100 80Gi pcie"),
            ("NVIDIA-H100-NVL", "95830", "nvidia h100 94Gi pcie"),
            ("NVIDIA-A100-SXM4-80GB", "81920", "nvidia a100 80Gi sxm"),
            ("NVIDIA-A100-PCIE-40GB", "40960", "nvidia a100 40Gi pcie"),
            ("NVIDIA-H200", "143771", "nvidia h200 141Gi sxm"),
            ("NVIDIA-L40S", "46068", "nvidia l40s 48Gi pcie"),
            ("NVIDIA-L4", "23034", "nvidia l4 24Gi pcie"),
            ("Tesla-T4", "15360", "nvidia t4 16Gi pcie"),
            ("Tesla-V100-SXM2-16GB", "16384", "nvidia v100 16Gi sxm"),
            ("NVIDIA-GeForce-RTX-4090", "24564", "nvidia rtx4090 24Gi pcie"),
            ("NVIDIA-GeForce-RTX-3060-Ti", "8192", "nvidia rtx3060ti 8Gi pcie"),
            ("NVIDIA-GeForce-GTX-1080-Ti", "11264", "nvidia gtx1080ti 11Gi pcie"),
            ("NVIDIA-RTX-A6000", "49140", "nvidia rtxa6000 48Gi pcie"),
            ("NVIDIA-RTX-6000-Ada-Generation", "49140", "nvidia rtx6000ada 48Gi pcie"),
            ("Quadro-RTX-8000", "46080", "nvidia rtx8000 48Gi pcie"),
        ] {
            let pairs = [("nvidia.com/gpu.product", product), ("nvidia.com/gpu.memory", memory)];
            let gpu = GpuModel::of_labels(&labels(&pairs)).unwrap();
            let words = [gpu.vendor, gpu.model, gpu.memory.unwrap(), gpu.interface.unwrap()];
            assert_eq!(words.join(" "), expected, "{product}");
        }
        let amd =
            [("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"), ("amd.com/gpu.vram", "192G")];
        let gpu = GpuModel::of_labels(&labels(&amd)).unwrap();
        assert_eq!((gpu.model.as_str(), gpu.memory.as_deref()), ("mi300x", Some("192Gi")));
        assert_eq!(gpu.resource(), "amd.com/gpu");
    }

    #[test]
    fn a_shared_device_is_not_offered_as_a_whole_one() {
        for more in
            [("nvidia.com/gpu.replicas", "4"), ("nvidia.com/gpu.sharing-strategy", "time-slicing")]
        {
            let pairs = [("nvidia.com/gpu.product", "NVIDIA-L4"), more];
            assert_eq!(GpuModel::of_labels(&labels(&pairs)), None, "{more:?}");
        }
        let pairs = [("nvidia.com/gpu.product", "NVIDIA-L4-SHARED")];
        assert_eq!(GpuModel::of_labels(&labels(&pairs)), None);
    }

    #[test]
    fn a_gpu_answers_to_every_way_of_asking_for_it() {
        let pairs = [("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB")];
        let gpu = GpuModel::of_labels(&labels(&pairs)).unwrap();
        for (key, is) in [
            ("vendor/nvidia/model/a100", true),
            ("vendor/nvidia/model/*", true),
            ("vendor/nvidia/model/a100/ram/80Gi", true),
            ("vendor/nvidia/model/a100/ram/80Gi/interface/sxm", true),
            ("vendor/nvidia/model/a100/interface/sxm", true),
            ("vendor/nvidia/model/a100/interface/pcie", false),
            ("vendor/nvidia/model/a100/ram/40Gi", false),
            ("vendor/amd/model/*", false),
        ] {
            assert_eq!(gpu.is_one_of(&[Attribute::new(key, "true")]), is, "{key}");
        }
    }
}
