//! Limits of one replica: the chain's, which are Akash's.

use std::collections::BTreeSet;

use souk_core::limits;

use crate::{
    names,
    profiles::compute::Needs,
    quantity::display_bytes,
    reader::{Read, Reader},
    yaml::NodeId,
};

pub(super) fn check(reader: &mut Reader<'_>, needs: &Needs) {
    match &needs.cpu {
        Read::Bad => {}
        Read::Null => missing(reader, needs.at, "cpu"),
        Read::Is(cpu) => {
            let milli = |milli: u64| format!("{milli}m");
            let units = cpu.units.as_ref().map(|units| u64::from(*units));
            range(reader, cpu.at, "CPU", units, limits::CPU_MILLI, milli);
            let mut keys = BTreeSet::new();
            for attribute in &cpu.attributes {
                if !keys.insert(&attribute.key) {
                    let message = format!("the CPU attribute `{}` is given twice", attribute.key);
                    reader.error(cpu.at, "duplicate-key", message).maybe(None);
                }
            }
        }
    }
    match &needs.memory {
        Read::Bad => {}
        Read::Null => missing(reader, needs.at, "memory"),
        Read::Is(memory) => {
            let size = memory.size.as_ref().map(|size| *size);
            range(reader, memory.at, "memory", size, limits::MEMORY, display_bytes);
        }
    }
    match &needs.storage {
        Read::Bad => {}
        Read::Null => missing(reader, needs.at, "storage"),
        Read::Is(volumes) => {
            for volume in volumes {
                let size = volume.size.as_ref().map(|size| *size);
                range(reader, volume.at, "storage", size, limits::STORAGE, display_bytes);
            }
        }
    }
    if let Read::Is(gpu) = &needs.gpu {
        let most = u64::from(limits::MAX_GPU);
        range(reader, gpu.at, "the number of GPUs", Read::Is(gpu.units), (0, most), |n| {
            n.to_string()
        });
        if gpu.units == 0 && !gpu.attributes.is_empty() {
            reader
                .error(gpu.at, "gpu-units", "GPU attributes are given, but no GPU is asked for")
                .help("write `units: 1`, or remove the attributes");
        }
        for attribute in gpu.attributes.iter().filter(|a| !names::is_attribute_key(&a.key)) {
            let message = format!("`{}` can't be a GPU attribute", attribute.key);
            reader.error(gpu.at, "invalid-name", message).maybe(None);
        }
    }
}

fn missing(reader: &mut Reader<'_>, at: NodeId, what: &str) {
    let example = match what {
        "cpu" => "cpu: { units: 500m }",
        "memory" => "memory: { size: 512Mi }",
        _ => "storage: { size: 1Gi }",
    };
    let message = format!("these resources need `{what}`");
    reader.error(at, "missing-key", message).help(format!("write `{example}`"));
}

fn range(
    reader: &mut Reader<'_>,
    at: NodeId,
    what: &str,
    value: Read<u64>,
    (least, most): (u64, u64),
    show: impl Fn(u64) -> String,
) {
    let value = match value {
        Read::Bad => return,
        Read::Null => 0,
        Read::Is(value) => value,
    };
    if !(least..=most).contains(&value) {
        let message =
            format!("{what} is {}, allowed is {} to {}", show(value), show(least), show(most));
        reader.error(at, "out-of-range", message).maybe(None);
    }
}
