//! Whether a node's devices are whole GPUs of one model. A device is whole only if no label and no
//! resource that could deny it does.

use std::collections::BTreeMap;

use super::{
    GpuRefusal, amd, nvidia,
    vendor::{AMD, Vendor},
};

/// Labels of a node.
pub(super) type Labels = BTreeMap<String, String>;

/// What of a vendor's labels and resources denies whole devices, if anything does.
pub(super) fn denied(
    vendor: &Vendor,
    labels: &Labels,
    amounts: &BTreeMap<String, u64>,
) -> Option<GpuRefusal> {
    if vendor.name == AMD.name {
        amd::denied(labels, amounts)
    } else {
        nvidia::denied(labels, amounts)
    }
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
        let sum = all.iter().map(|(_, count)| *count).fold(0, u64::saturating_add);
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

/// The values that the labeller counts for a kind of label, with how many devices have each.
pub(super) fn counted<'a>(labels: &'a Labels, domain: &str, kind: &str) -> Vec<(&'a str, u64)> {
    let prefix = format!("{domain}/gpu.{kind}.");
    let counters = labels.iter().filter_map(|(key, count)| {
        Some((key.strip_prefix(&prefix)?, count.parse().ok().filter(|count| *count > 0)?))
    });
    counters.collect()
}

/// A label or resource with its value, as a sign of what a device is.
pub(super) fn sign(key: &str, value: &str) -> String {
    format!("{key} = {value}")
}

/// A resource that there are some of.
pub(super) fn resource(
    amounts: &BTreeMap<String, u64>,
    is: impl Fn(&str) -> bool,
) -> Option<String> {
    let found = amounts.iter().find(|(key, amount)| is(key) && **amount > 0);
    found.map(|(key, amount)| sign(key, &amount.to_string()))
}
