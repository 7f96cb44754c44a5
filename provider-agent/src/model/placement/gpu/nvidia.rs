//! What denies whole devices on a node with NVIDIA's GPUs: MIG, sharing, virtual GPUs, claims.

use std::collections::BTreeMap;

use super::{
    GpuRefusal, name,
    vendor::NVIDIA,
    whole::{Labels, resource, sign},
};

/// What of NVIDIA's labels and resources denies whole devices, if anything does.
pub(super) fn denied(labels: &Labels, amounts: &BTreeMap<String, u64>) -> Option<GpuRefusal> {
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
