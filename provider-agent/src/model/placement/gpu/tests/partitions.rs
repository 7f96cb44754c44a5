//! Every sign by which a device is no whole GPU.

use super::{GpuRefusal, labels, node, read};

const NVIDIA: (&str, &str) = ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB");
const AMD: (&str, &str) = ("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM");

#[test]
fn whole_devices_are_offered_with_the_labels_that_labellers_put_on_them() {
    let whole = [
        NVIDIA,
        ("nvidia.com/gpu.memory", "81920"),
        ("nvidia.com/gpu.count", "8"),
        ("nvidia.com/gpu.replicas", "1"),
        ("nvidia.com/gpu.sharing-strategy", "none"),
        ("nvidia.com/mig.capable", "true"),
        ("nvidia.com/mig.strategy", "single"),
        ("nvidia.com/mig.config", "all-disabled"),
        ("nvidia.com/mig.config.state", "success"),
        ("nvidia.com/mps.capable", "false"),
        ("nvidia.com/vgpu.present", "false"),
        ("nvidia.com/gpu.workload.config", "container"),
    ];
    assert_eq!(node("nvidia", &labels(&whole), 8).unwrap().model, "a100");
    let whole = [
        AMD,
        ("amd.com/gpu.vram", "192G"),
        ("amd.com/gpu.device-id", "74a1"),
        ("amd.com/gpu.compute-memory-partition", "spx_nps1"),
        ("amd.com/gpu.compute-partitioning-supported", "true"),
        ("amd.com/gpu.memory-partitioning-supported", "true"),
        ("beta.amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"),
        ("beta.amd.com/gpu.product-name.AMD_Instinct_MI300X_OAM", "8"),
    ];
    assert_eq!(node("amd", &labels(&whole), 8).unwrap().model, "mi300x");
}

#[test]
fn each_label_that_denies_a_whole_device_is_enough() {
    for (key, value) in [
        ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB-SHARED"),
        ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"),
        ("nvidia.com/gpu.product", "NVIDIA-A100-SXM4-80GB-MIG-INVALID"),
        ("nvidia.com/gpu.product", "GRID-A100-40C"),
        ("nvidia.com/gpu.product", "NVIDIA-A40-48Q"),
        ("nvidia.com/gpu.sharing-strategy", "time-slicing"),
        ("nvidia.com/gpu.sharing-strategy", "mps"),
        ("nvidia.com/gpu.replicas", "4"),
        ("nvidia.com/mps.capable", "true"),
        ("nvidia.com/mig-1g.10gb.count", "7"),
        ("nvidia.com/mig.config", "all-1g.10gb"),
        ("nvidia.com/mig.config.state", "rebooting"),
        ("nvidia.com/mig.config.state", "failed"),
        ("nvidia.com/vgpu.present", "true"),
        ("nvidia.com/vgpu.host-driver-version", "550.54.16"),
        ("nvidia.com/vgpu.host-driver-branch", "r550_00"),
        ("nvidia.com/gpu.workload.config", "vm-vgpu"),
        ("nvidia.com/dra-kubelet-plugin", "true"),
        ("cloud.google.com/gke-gpu-sharing-strategy", "time-sharing"),
        ("cloud.google.com/gke-gpu-partition-size", "1g.10gb"),
        ("nvidia.com/gpu.count", "7"),
        ("nvidia.com/gpu.count", "many"),
    ] {
        let mut found = labels(&[NVIDIA, ("nvidia.com/gpu.memory", "81920")]);
        assert!(node("nvidia", &found, 8).is_ok());
        found.insert(key.to_owned(), value.to_owned());
        let why = node("nvidia", &found, 8).expect_err(key).to_string();
        assert!(!why.is_empty(), "{key}");
    }
    for (key, value) in [
        ("amd.com/gpu.compute-memory-partition", "cpx_nps4"),
        ("amd.com/gpu.compute-memory-partition", "spx_nps4"),
        ("amd.com/gpu.compute-memory-partition", "dpx_nps1"),
        ("amd.com/compute-memory-partition", "cpx_nps1"),
        ("beta.amd.com/gpu.compute-memory-partition.qpx_nps1", "32"),
        ("amd.com/gpu.compute-partition", "CPX"),
        ("amd.com/gpu.memory-partition", "NPS4"),
        ("amd.com/gpu.compute-partitioning-supported", "true"),
        ("amd.com/gpu.memory-partitioning-supported", "true"),
        ("amd.com/gpu.vram", "24G"),
        ("beta.amd.com/gpu.product-name.AMD_Instinct_MI300X_OAM", "8"),
        ("amd.com/gpu.product-name", "AMD_Instinct_MI300X_VF"),
    ] {
        let mut found = labels(&[AMD]);
        assert!(node("amd", &found, 64).is_ok());
        found.insert(key.to_owned(), value.to_owned());
        assert!(node("amd", &found, 64).is_err(), "{key} = {value}");
    }
}

#[test]
fn a_virtual_function_is_whole_only_with_all_the_memory() {
    for (vram, whole) in [("192G", true), ("96G", false), ("24G", false)] {
        let found = labels(&[
            ("amd.com/gpu.product-name", "AMD_Instinct_MI300X_VF"),
            ("amd.com/gpu.vram", vram),
        ]);
        assert_eq!(node("amd", &found, 8).is_ok(), whole, "{vram}");
    }
}

#[test]
fn each_resource_that_denies_a_whole_device_is_enough() {
    for (product, devices, part) in [
        (NVIDIA, "nvidia.com/gpu", "nvidia.com/mig-3g.40gb"),
        (NVIDIA, "nvidia.com/gpu", "nvidia.com/gpu.shared"),
        (AMD, "amd.com/gpu", "amd.com/cpx_nps4"),
        (AMD, "amd.com/gpu", "amd.com/spx_nps1"),
    ] {
        let found = labels(&[product]);
        for (parts, whole) in [(0, true), (2, false)] {
            let amounts = [(devices.to_owned(), 4), (part.to_owned(), parts)].into();
            let (gpus, model) = read(&found, &amounts, &amounts);
            assert_eq!((model.is_some(), gpus.refusal.is_none()), (whole, whole), "{part}");
        }
        // With the parts alone, too, the node is named with the reason.
        let amounts = [(part.to_owned(), 2)].into();
        let why = read(&found, &amounts, &amounts).0.refusal.unwrap();
        assert!(matches!(why, GpuRefusal::Part { .. } | GpuRefusal::Shared { .. }), "{why}");
    }
}

#[test]
fn a_node_with_a_failed_device_offers_none() {
    let amounts = |devices: u64| [("nvidia.com/gpu".to_owned(), devices)].into();
    let found = labels(&[NVIDIA, ("nvidia.com/gpu.count", "8")]);
    let (gpus, model) = read(&found, &amounts(8), &amounts(7));
    assert_eq!((gpus.capacity, gpus.allocatable, model), (8, 7, None));
    assert_eq!(gpus.refusal.unwrap().to_string(), "1 of 8 nvidia.com/gpu failed");
}

#[test]
fn a_node_without_gpus_has_none_to_refuse() {
    let found = labels(&[("kubernetes.io/arch", "amd64"), ("nvidia.com/gpu.deploy.dcgm", "true")]);
    let amounts = [("cpu".to_owned(), 8)].into();
    assert_eq!(read(&found, &amounts, &amounts), Default::default());
}
