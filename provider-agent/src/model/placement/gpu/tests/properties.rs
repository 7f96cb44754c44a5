//! What holds for all labels.

use proptest::prelude::*;

use super::{labels, node, table};

/// Labels that a whole device may have, and for each a value that denies it.
const DENYING: [(&str, &[&str], &[&str]); 9] = [
    ("nvidia.com/gpu.sharing-strategy", &["none", ""], &["mps", "time-slicing"]),
    ("nvidia.com/gpu.replicas", &["0", "1"], &["2", "16"]),
    ("nvidia.com/mps.capable", &["false"], &["true"]),
    ("nvidia.com/mig.config", &["all-disabled"], &["all-1g.10gb", "all-enabled"]),
    ("nvidia.com/mig.config.state", &["success"], &["pending", "failed"]),
    ("nvidia.com/mig-2g.20gb.count", &[], &["1", "3"]),
    ("nvidia.com/vgpu.present", &["false"], &["true"]),
    ("nvidia.com/gpu.workload.config", &["container"], &["vm-vgpu", "vm-passthrough"]),
    ("nvidia.com/gpu.count", &["4"], &["3", "5"]),
];

fn gib(memory: &str) -> u64 {
    memory.strip_suffix("Gi").unwrap().parse().unwrap()
}

fn a_partition() -> impl Strategy<Value = (String, bool)> {
    let compute = prop::sample::select(vec!["spx", "dpx", "tpx", "qpx", "cpx"]);
    let memory = prop::sample::select(vec!["nps1", "nps2", "nps4", "nps8"]);
    (compute, memory).prop_map(|(compute, memory)| {
        (format!("{compute}_{memory}"), (compute, memory) == ("spx", "nps1"))
    })
}

proptest! {
    #[test]
    fn a_device_is_whole_exactly_if_no_label_denies_it(
        choices in prop::collection::vec((0u8..6, any::<prop::sample::Index>()), DENYING.len()),
    ) {
        let mut found = labels(&[("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")]);
        let mut denied = false;
        for ((key, whole, parts), (kind, index)) in DENYING.iter().zip(choices) {
            let value = match kind {
                0 => Some(*index.get(parts)),
                1 | 2 if !whole.is_empty() => Some(*index.get(whole)),
                _ => None,
            };
            denied |= kind == 0;
            found.extend(value.map(|value| ((*key).to_owned(), value.to_owned())));
        }
        prop_assert_eq!(node("nvidia", &found, 4).is_err(), denied, "{:?}", found);
    }

    #[test]
    fn an_amd_device_is_whole_only_as_spx_nps1((partition, whole) in a_partition(), beta: bool) {
        let prefix = if beta { "beta.amd.com" } else { "amd.com" };
        let key = format!("{prefix}/gpu.compute-memory-partition");
        let found = labels(&[
            ("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"),
            (key.as_str(), partition.as_str()),
        ]);
        prop_assert_eq!(node("amd", &found, 8).is_ok(), whole, "{:?}", found);
    }

    #[test]
    fn the_memory_of_a_known_device_is_within_an_eighth_of_its_label(
        index: prop::sample::Index, mib in 1u64..600_000,
    ) {
        let devices = table::devices();
        let nvidia: Vec<_> = devices.iter().filter(|device| device.vendor == "nvidia").collect();
        let device = index.get(&nvidia);
        let product = device.names[0].replace(' ', "-");
        let found = labels(&[
            ("nvidia.com/gpu.product", product.as_str()),
            ("nvidia.com/gpu.memory", &mib.to_string()),
        ]);
        let gpu = node("nvidia", &found, 1).unwrap();
        prop_assert_eq!(&gpu.model, &device.model);
        let Some(memory) = gpu.memory else {
            prop_assert!(mib < 1_024);
            return Ok(());
        };
        let claimed = gib(&memory);
        let of_table = device.memory.contains(&claimed);
        let near = (claimed * 1_024).abs_diff(mib) * 8 <= claimed * 1_024;
        // Whole GiB of a label that is near no size of the table may be one of its sizes by chance.
        prop_assert!(of_table && near || claimed <= mib.div_ceil(1_024), "{} {}", memory, mib);
    }

    #[test]
    fn an_unknown_name_claims_no_memory_beyond_its_label(
        // No word for a vendor, a family or a form begins so.
        letters in "qz[a-z]{1,5}", number in 9_000u32..10_000, size in prop::option::of(1u64..600),
        mib in 0u64..600_000,
    ) {
        let size_text = size.map(|size| format!("-{size}GB")).unwrap_or_default();
        let found = labels(&[
            ("nvidia.com/gpu.product", &format!("NVIDIA-{letters}-{number}{size_text}")),
            ("nvidia.com/gpu.memory", &mib.to_string()),
        ]);
        let gpu = node("nvidia", &found, 1).unwrap();
        prop_assert_eq!(gpu.interface, None);
        let Some(memory) = gpu.memory else {
            prop_assert!(mib < 1_024);
            return Ok(());
        };
        let claimed = gib(&memory);
        let named = size == Some(claimed) && (claimed * 1_024).abs_diff(mib) * 8 <= claimed * 1_024;
        prop_assert!(named || claimed * 1_024 <= mib, "{} {} {:?}", memory, mib, size);
    }
}
