//! Names of devices, what people reported, and rules that hold for all labels.

mod names;
mod partitions;
mod properties;
mod reports;

use super::{GpuModel, GpuRefusal, read, table, vendor, whole::Labels};

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The model of a node with these labels and a number of devices of a vendor, or why it is refused.
fn node(vendor: &str, labels: &Labels, devices: u64) -> Result<GpuModel, GpuRefusal> {
    let resource = vendor::named(vendor).unwrap().resource;
    let amounts = [(resource.to_owned(), devices)].into();
    let (gpus, model) = read(labels, &amounts, &amounts);
    assert_eq!(model.is_none(), gpus.refusal.is_some(), "{gpus:?}");
    model.ok_or_else(|| gpus.refusal.unwrap())
}

/// The model of a node with one device of a product, with its measured memory in MiB.
fn nvidia(product: &str, memory: &str) -> GpuModel {
    let labels = labels(&[("nvidia.com/gpu.product", product), ("nvidia.com/gpu.memory", memory)]);
    node("nvidia", &labels, 1).unwrap()
}

/// Vendor, model, memory and interface; `-` for what is not known.
fn text(gpu: &GpuModel) -> String {
    let or = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    [gpu.vendor.clone(), gpu.model.clone(), or(&gpu.memory), or(&gpu.interface)].join(" ")
}
