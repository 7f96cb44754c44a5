//! What denies whole devices on a node with AMD's GPUs: partitions, virtual functions, several models.

use std::collections::BTreeMap;

use super::{
    GpuRefusal, memory, name,
    table::Device,
    vendor::AMD,
    whole::{Labels, counted, resource, sign},
};

/// What of AMD's labels and resources denies whole devices of one model, if anything does.
pub(super) fn denied(labels: &Labels, amounts: &BTreeMap<String, u64>) -> Option<GpuRefusal> {
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

/// What the memory of a known device denies: a virtual function or a partition has a part of it.
pub(super) fn memory(device: &Device, product: &str, measured: Option<u64>) -> Option<GpuRefusal> {
    let last = name::words(product).pop().unwrap_or_default();
    if matches!(last.as_str(), "vf" | "mxgpu") {
        let is_whole = |size: &u64| measured.is_some_and(|mib| memory::is_near(*size, mib));
        let part = !device.memory.iter().any(is_whole);
        return part.then(|| GpuRefusal::Part { sign: sign(AMD.product, product) });
    }
    let mib = measured.filter(|mib| memory::is_a_part(&device.memory, *mib))?;
    let least = device.memory.iter().min().copied().unwrap_or_default();
    let sign =
        format!("{} = {}G, and a whole {} has {least}G", AMD.memory, mib >> 10, device.model);
    Some(GpuRefusal::Part { sign })
}
