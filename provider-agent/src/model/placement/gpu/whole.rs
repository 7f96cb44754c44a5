//! Whether a node's devices are whole GPUs of one model. A device is whole only if no label and no
//! resource that could deny it does.

use std::collections::BTreeMap;

use super::{
    memory, name,
    table::Device,
    vendor::{AMD, NVIDIA, Vendor},
};

/// Labels of a node.
pub(super) type Labels = BTreeMap<String, String>;

/// Why the GPUs of a node are not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuRefusal {
    /// There are devices and nothing names them.
    #[error("{devices} {resource} without the label {label}")]
    Unlabelled {
        /// How many.
        devices: u32,
        /// Their resource.
        resource: &'static str,
        /// The label that is missing.
        label: &'static str,
    },
    /// The product's name is no model, or the labels name two.
    #[error("the label {label} is `{value}`, {problem}")]
    Unreadable {
        /// The label.
        label: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A label names a product and there are no devices.
    #[error("it is labelled {product} and has no {resource}")]
    NoDevices {
        /// The product.
        product: String,
        /// The resource that is missing.
        resource: &'static str,
    },
    /// Several containers share a device.
    #[error("containers share a device: {sign}")]
    Shared {
        /// The label or resource that says so.
        sign: String,
    },
    /// A device is a part of a GPU.
    #[error("a device is a part of a GPU: {sign}")]
    Part {
        /// The label or resource that says so.
        sign: String,
    },
    /// The devices are virtual, or kept for virtual machines.
    #[error("the GPUs are virtual, or kept for virtual machines: {sign}")]
    Virtual {
        /// The label that says so.
        sign: String,
    },
    /// Their partitions are being changed, or that failed.
    #[error("a change of the GPUs' partitions goes on or failed: {sign}")]
    Changing {
        /// The label that says so.
        sign: String,
    },
    /// The labeller counts fewer or more devices of the product than there are.
    #[error("{counted} devices are labelled {product} and {devices} {resource} can be allocated")]
    Mixed {
        /// Devices that the label counts.
        counted: u64,
        /// The product.
        product: String,
        /// Devices that can be allocated.
        devices: u32,
        /// Their resource.
        resource: &'static str,
    },
    /// Labels name several models, or there are devices of two vendors.
    #[error("it has GPUs of several models: {models}")]
    Several {
        /// The models, as labels or resources name them.
        models: String,
    },
    /// Some devices failed.
    #[error("{failed} of {devices} {resource} failed")]
    Unhealthy {
        /// How many failed.
        failed: u32,
        /// How many there are.
        devices: u32,
        /// Their resource.
        resource: &'static str,
    },
    /// A driver for dynamic resource allocation hands them out.
    #[error("the driver {driver} for dynamic resource allocation hands them out")]
    Dra {
        /// The driver.
        driver: String,
    },
}

fn sign(key: &str, value: &str) -> String {
    format!("{key} = {value}")
}

/// What of NVIDIA's labels and resources denies whole devices, if anything does.
pub(super) fn nvidia(labels: &Labels, amounts: &BTreeMap<String, u64>) -> Option<GpuRefusal> {
    let label = |key: &str| labels.get(key).map_or("", String::as_str);
    let product = label(NVIDIA.product);
    let words = name::words(product);
    let about_product = || sign(NVIDIA.product, product);
    let unless = |key: &str, whole: &[&str]| {
        labels.get(key).filter(|value| !whole.contains(&value.as_str())).map(|v| sign(key, v))
    };
    let set = |key: &str| (label(key) == "true").then(|| sign(key, "true"));

    let part = words.iter().any(|word| word == "mig").then(about_product);
    let part = part
        .or_else(|| labels.iter().find(|(k, _)| is_mig(k)).map(|(k, v)| sign(k, v)))
        .or_else(|| resource(amounts, is_mig))
        .or_else(|| unless("nvidia.com/mig.config", &["all-disabled", ""]))
        .or_else(|| unless("cloud.google.com/gke-gpu-partition-size", &[""]));
    if let Some(sign) = part {
        return Some(GpuRefusal::Part { sign });
    }
    if let Some(sign) = unless("nvidia.com/mig.config.state", &["success", ""]) {
        return Some(GpuRefusal::Changing { sign });
    }
    let shared = words.last().is_some_and(|word| word == "shared").then(about_product);
    let shared = shared
        .or_else(|| unless("nvidia.com/gpu.sharing-strategy", &["none", ""]))
        .or_else(|| unless("nvidia.com/gpu.replicas", &["0", "1", ""]))
        .or_else(|| set("nvidia.com/mps.capable"))
        .or_else(|| unless("cloud.google.com/gke-gpu-sharing-strategy", &[""]))
        .or_else(|| resource(amounts, |key| key == "nvidia.com/gpu.shared"));
    if let Some(sign) = shared {
        return Some(GpuRefusal::Shared { sign });
    }
    let virtual_name = words.first().is_some_and(|word| word == "grid")
        || words.last().is_some_and(|word| is_vgpu_profile(word));
    let is_virtual = virtual_name.then(about_product);
    let is_virtual = is_virtual
        .or_else(|| set("nvidia.com/vgpu.present"))
        .or_else(|| unless("nvidia.com/vgpu.host-driver-version", &[""]))
        .or_else(|| unless("nvidia.com/vgpu.host-driver-branch", &[""]))
        .or_else(|| unless("nvidia.com/gpu.workload.config", &["container", ""]));
    if let Some(sign) = is_virtual {
        return Some(GpuRefusal::Virtual { sign });
    }
    set("nvidia.com/dra-kubelet-plugin")
        .map(|_| GpuRefusal::Dra { driver: "gpu.nvidia.com".to_owned() })
}

/// Labels and resources of MIG devices, such as `nvidia.com/mig-1g.10gb`.
fn is_mig(key: &str) -> bool {
    key.starts_with("nvidia.com/mig-")
}

/// The last word of a virtual GPU's name: its memory and its kind, as in `A40-48Q`.
fn is_vgpu_profile(word: &str) -> bool {
    let number = word.strip_suffix(['a', 'b', 'c', 'q']).unwrap_or_default();
    (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// A resource that there are some of.
fn resource(amounts: &BTreeMap<String, u64>, is: impl Fn(&str) -> bool) -> Option<String> {
    let found = amounts.iter().find(|(key, amount)| is(key) && **amount > 0);
    found.map(|(key, amount)| sign(key, &amount.to_string()))
}

/// What of AMD's labels and resources denies whole devices of one model, if anything does.
pub(super) fn amd(labels: &Labels, amounts: &BTreeMap<String, u64>) -> Option<GpuRefusal> {
    if let Some(sign) =
        resource(amounts, |key| key.strip_prefix("amd.com/").is_some_and(is_partition_resource))
    {
        return Some(GpuRefusal::Part { sign });
    }
    let mut says_how = false;
    for (key, value) in labels {
        let Some((whole, value)) = partition_label(key, value) else { continue };
        says_how = true;
        if !value.eq_ignore_ascii_case(whole) {
            return Some(GpuRefusal::Part { sign: sign(key, value) });
        }
    }
    let can = ["compute-partitioning-supported", "memory-partitioning-supported"];
    for key in can.map(|name| format!("amd.com/gpu.{name}")) {
        // The labeller writes how only if all devices of the node are partitioned alike.
        if !says_how && labels.get(&key).is_some_and(|value| value == "true") {
            let sign = format!("{}, and no label compute-memory-partition", sign(&key, "true"));
            return Some(GpuRefusal::Part { sign });
        }
    }
    let kinds = ["product-name", "device-id", "vram"];
    kinds.iter().find_map(|kind| {
        let counted = ["amd.com", "beta.amd.com"].map(|domain| counted(labels, domain, kind));
        let several = counted.into_iter().find(|counted| counted.len() > 1)?;
        let models: Vec<&str> = several.iter().map(|(value, _)| *value).collect();
        Some(GpuRefusal::Several { models: models.join(", ") })
    })
}

fn is_partition_resource(name: &str) -> bool {
    let Some((compute, memory)) = name.split_once('_') else { return false };
    compute.ends_with("px") && memory.starts_with("nps")
}

/// What a whole device has, and what a label about partitions says.
fn partition_label<'a>(key: &'a str, value: &'a str) -> Option<(&'static str, &'a str)> {
    let name = key.strip_prefix("beta.").unwrap_or(key).strip_prefix("amd.com/")?;
    let name = name.strip_prefix("gpu.").unwrap_or(name);
    let kinds = [
        ("compute-memory-partition", "spx_nps1"),
        ("compute-partition", "spx"),
        ("memory-partition", "nps1"),
    ];
    kinds.into_iter().find_map(|(kind, whole)| {
        let rest = name.strip_prefix(kind)?;
        match rest.strip_prefix('.') {
            // A counter, whose key holds the value.
            Some(value) => Some((whole, value)),
            None => rest.is_empty().then_some((whole, value)),
        }
    })
}

/// The values that the labeller counts for a kind of label, with how many devices have each.
fn counted<'a>(labels: &'a Labels, domain: &str, kind: &str) -> Vec<(&'a str, u64)> {
    let prefix = format!("{domain}/gpu.{kind}.");
    let counters = labels.iter().filter_map(|(key, count)| {
        Some((key.strip_prefix(&prefix)?, count.parse().ok().filter(|count| *count > 0)?))
    });
    counters.collect()
}

/// What the labeller's counts deny: several models under one label, or slices of them.
pub(super) fn counts(
    vendor: &Vendor,
    labels: &Labels,
    product: &str,
    devices: u32,
) -> Option<GpuRefusal> {
    let counted = if vendor.name == AMD.name {
        let all = counted(labels, "beta.amd.com", "product-name");
        // Fewer may be offered than there are, by the plugin's own setting.
        let sum = all.iter().map(|(_, count)| *count).sum();
        (!all.is_empty() && u64::from(devices) > sum).then_some(sum)
    } else {
        let key = format!("{}.count", vendor.resource);
        match labels.get(&key).map(|text| text.parse::<u64>()) {
            None => None,
            Some(Ok(counted)) => (counted != u64::from(devices)).then_some(counted),
            Some(Err(_)) => {
                let value = labels.get(&key).cloned().unwrap_or_default();
                let problem = "which is no number".to_owned();
                return Some(GpuRefusal::Unreadable { label: key, value, problem });
            }
        }
    }?;
    let (product, resource) = (product.to_owned(), vendor.resource);
    Some(GpuRefusal::Mixed { counted, product, devices, resource })
}

/// What the memory of a known device denies: a virtual function or a partition has a part of it.
pub(super) fn memory(
    vendor: &Vendor,
    device: &Device,
    product: &str,
    measured: Option<u64>,
) -> Option<GpuRefusal> {
    if vendor.name != AMD.name {
        return None;
    }
    let last = name::words(product).pop().unwrap_or_default();
    if matches!(last.as_str(), "vf" | "mxgpu") {
        let is_whole = |size: &u64| measured.is_some_and(|mib| memory::is_near(*size, mib));
        let part = !device.memory.iter().any(is_whole);
        return part.then(|| GpuRefusal::Part { sign: sign(vendor.product, product) });
    }
    let mib = measured.filter(|mib| memory::is_a_part(&device.memory, *mib))?;
    let least = device.memory.iter().min().copied().unwrap_or_default();
    let sign =
        format!("{} = {}G, and a whole {} has {least}G", vendor.memory, mib >> 10, device.model);
    Some(GpuRefusal::Part { sign })
}
