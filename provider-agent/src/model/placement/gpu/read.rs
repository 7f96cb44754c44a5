//! Reads the GPUs of a node: its labels, what it has, and why they are not offered.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    GpuModel, GpuRefusal, amd, memory, name,
    table::{self, Device},
    vendor::{AMD, VENDORS, Vendor},
    whole::{self, Labels},
};

/// The GPUs of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeGpus {
    /// Devices that the node has, those that failed too.
    pub capacity: u32,
    /// Devices that can be allocated.
    pub allocatable: u32,
    /// Why they are not offered, if there are some and they are not.
    pub refusal: Option<GpuRefusal>,
}

/// Reads a node's labels and its resources (whole units by name): its GPUs, and the model that all of
/// them are if they are offered.
pub(in crate::model::placement) fn read(
    labels: &Labels,
    capacity: &BTreeMap<String, u64>,
    allocatable: &BTreeMap<String, u64>,
) -> (NodeGpus, Option<GpuModel>) {
    let units = |amounts: &BTreeMap<String, u64>, vendor: &Vendor| {
        u32::try_from(amounts.get(vendor.resource).copied().unwrap_or(0)).unwrap_or(u32::MAX)
    };
    let count = |vendor: &Vendor| {
        let allocatable = units(allocatable, vendor);
        (units(capacity, vendor).max(allocatable), allocatable)
    };
    let mut amounts = allocatable.clone();
    for (key, amount) in capacity {
        let most = amounts.entry(key.clone()).or_default();
        *most = (*most).max(*amount);
    }
    let present = |vendor: &&Vendor| {
        count(vendor).0 > 0
            || labels.contains_key(vendor.product)
            || whole::denied(vendor, labels, &amounts).is_some()
    };
    let all: Vec<&Vendor> = VENDORS.iter().filter(present).collect();
    let mut gpus = NodeGpus::default();
    for vendor in &all {
        let (capacity, allocatable) = count(vendor);
        gpus.capacity = gpus.capacity.saturating_add(capacity);
        gpus.allocatable = gpus.allocatable.saturating_add(allocatable);
    }
    let with_devices: Vec<&Vendor> = all.iter().filter(|v| count(v).0 > 0).copied().collect();
    let vendor = match (with_devices.as_slice(), all.as_slice()) {
        ([vendor], _) | ([], [vendor, ..]) => *vendor,
        ([], []) => return (gpus, None),
        _ => {
            let models: Vec<&str> = with_devices.iter().map(|vendor| vendor.resource).collect();
            gpus.refusal = Some(GpuRefusal::Several { models: models.join(", ") });
            return (gpus, None);
        }
    };
    match model(vendor, labels, &amounts, &gpus) {
        Ok(model) => (gpus, Some(model)),
        Err(refusal) => (NodeGpus { refusal: Some(refusal), ..gpus }, None),
    }
}

/// The model that all devices of a node are.
fn model(
    vendor: &Vendor,
    labels: &Labels,
    amounts: &BTreeMap<String, u64>,
    gpus: &NodeGpus,
) -> Result<GpuModel, GpuRefusal> {
    if let Some(refusal) = whole::denied(vendor, labels, amounts) {
        return Err(refusal);
    }
    let (resource, devices) = (vendor.resource, gpus.allocatable);
    let Some(product) = labels.get(vendor.product) else {
        let label = vendor.product;
        return Err(GpuRefusal::Unlabelled { devices: gpus.capacity, resource, label });
    };
    if gpus.capacity == 0 {
        return Err(GpuRefusal::NoDevices { product: product.clone(), resource });
    }
    if devices < gpus.capacity {
        let failed = gpus.capacity.saturating_sub(devices);
        return Err(GpuRefusal::Unhealthy { failed, devices: gpus.capacity, resource });
    }
    if let Some(refusal) = whole::counts(vendor, labels, product, devices) {
        return Err(refusal);
    }
    let measured = memory::measured(vendor, labels);
    let unreadable = |problem: String| GpuRefusal::Unreadable {
        label: vendor.product.to_owned(),
        value: product.clone(),
        problem,
    };
    let known = known(vendor, labels, product, measured).map_err(unreadable)?;
    let (model, memory, interface) = match known {
        Some(device) => {
            if vendor.name == AMD.name
                && let Some(refusal) = amd::memory(device, product, measured)
            {
                return Err(refusal);
            }
            let memory = memory::of_known(&device.memory, measured);
            (device.model.clone(), memory, Some(device.interface.clone()))
        }
        None => {
            let found = name::generic(product);
            let found = found.ok_or_else(|| unreadable("which names no model".to_owned()))?;
            let memory = memory::of_unknown(found.size, measured);
            (found.model, memory, found.interface.map(str::to_owned))
        }
    };
    Ok(GpuModel {
        vendor: vendor.name.to_owned(),
        model,
        memory: memory.map(|gib| format!("{gib}Gi")),
        interface,
        product: product.clone(),
    })
}

/// The device of the table by the product's name, else by its PCI id. An error if the two differ.
fn known(
    vendor: &Vendor,
    labels: &Labels,
    product: &str,
    measured: Option<u64>,
) -> Result<Option<&'static Device>, String> {
    let ids = pci_ids(vendor, labels);
    let by_name = table::by_name(vendor.name, product);
    let by_id: Vec<&Device> = ids.iter().flat_map(|id| table::by_pci(vendor.name, id)).collect();
    match (by_name, by_id.as_slice()) {
        (Some(device), []) => Ok(Some(device)),
        (Some(device), others) => {
            if others.iter().any(|other| other.model == device.model) {
                return Ok(Some(device));
            }
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            Err(format!("and the device's PCI id is {}, which is another's", ids.join(", ")))
        }
        (None, []) => Ok(None),
        (None, all) => {
            let near = |device: &&&Device| {
                all.len() == 1
                    || measured
                        .is_some_and(|mib| device.memory.iter().any(|s| memory::is_near(*s, mib)))
            };
            let mut fitting = all.iter().filter(near);
            let one = fitting.next().copied();
            Ok(one.filter(|one| fitting.all(|other| other.model == one.model)))
        }
    }
}

/// The PCI ids of a node's GPUs of a vendor, as AMD's labeller or node feature discovery writes them.
fn pci_ids(vendor: &Vendor, labels: &Labels) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    if vendor.name == AMD.name {
        ids.extend(labels.get("amd.com/gpu.device-id").map(|id| id.to_lowercase()));
    }
    for (key, value) in labels {
        // `pci-0302_10de_2330.present`: class, vendor and device, as far as it is told to write them.
        let fields = key.strip_prefix("feature.node.kubernetes.io/pci-");
        let Some(fields) = fields.and_then(|f| f.strip_suffix(".present")) else { continue };
        if let [class, of, device, ..] = fields.split('_').collect::<Vec<_>>().as_slice()
            && class.starts_with("03")
            && *of == vendor.pci
            && value == "true"
        {
            ids.insert(device.to_lowercase());
        }
    }
    ids
}
