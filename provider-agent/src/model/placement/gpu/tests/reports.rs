//! Labels that people reported, as they were on their nodes.

use souk_core::Attribute;

use super::{labels, node, nvidia, text};

#[test]
fn measured_memory_goes_before_a_names_number() {
    for (product, memory, expected) in [
        // The number of a superchip is the memory of its CPU.
        ("NVIDIA-GH200-480GB", "97871", "nvidia gh200 96Gi sxm"),
        ("NVIDIA-GH200-120GB", "97871", "nvidia gh200 96Gi sxm"),
        ("NVIDIA-GH200-144G-HBM3e", "146831", "nvidia gh200 144Gi sxm"),
        ("NVIDIA-GB200", "189471", "nvidia gb200 186Gi sxm"),
        // Cards with other memory than their maker gave them.
        ("NVIDIA-GeForce-RTX-4090", "49140", "nvidia rtx4090 48Gi pcie"),
        ("NVIDIA-GeForce-RTX-2080-Ti", "22528", "nvidia rtx2080ti 22Gi pcie"),
        ("NVIDIA-A100-SXM4-80GB", "40536", "nvidia a100 40Gi sxm"),
        // A part is kept for error correction.
        ("NVIDIA-L40S", "46068", "nvidia l40s 48Gi pcie"),
        ("NVIDIA-B200", "183359", "nvidia b200 180Gi sxm"),
    ] {
        assert_eq!(text(&nvidia(product, memory)), expected, "{product}");
    }
}

#[test]
fn the_newest_boards_have_the_markets_names_and_their_interface() {
    for (product, memory, expected) in [
        ("NVIDIA-B300-SXM6-AC", "275040", "nvidia b300 288Gi sxm"),
        ("NVIDIA-H20", "97871", "nvidia h20 96Gi sxm"),
        ("NVIDIA-H20-3e", "143771", "nvidia h20 141Gi sxm"),
        ("NVIDIA-H800", "81559", "nvidia h800 80Gi sxm"),
        ("NVIDIA-H800-PCIe", "81559", "nvidia h800 80Gi pcie"),
        ("NVIDIA-H100-NVL", "95830", "nvidia h100 94Gi pcie"),
        ("NVIDIA-H100-80GB-HBM3", "81559", "nvidia h100 80Gi sxm"),
        ("NVIDIA-H100-PCIe", "81559", "nvidia h100 80Gi pcie"),
        ("NVIDIA-RTX-6000-Ada-Generation", "49140", "nvidia rtx6000ada 48Gi pcie"),
    ] {
        assert_eq!(text(&nvidia(product, memory)), expected, "{product}");
    }
}

#[test]
fn an_order_for_a_gh200_with_its_own_memory_is_served_and_one_for_the_cpus_is_not() {
    let gpu = nvidia("NVIDIA-GH200-480GB", "97871");
    let wants = |ram: &str| {
        let key = format!("vendor/nvidia/model/gh200/ram/{ram}");
        [Attribute::new(key, "true")]
    };
    assert!(gpu.is_one_of(&wants("96Gi")));
    assert!(!gpu.is_one_of(&wants("480Gi")));
}

#[test]
fn a_node_with_two_models_is_never_offered_as_one() {
    // Two A100 and three T4: the labeller names one of the two, and counts it.
    for (product, count) in [("NVIDIA-A100-SXM4-80GB", "2"), ("Tesla-T4", "3")] {
        let found = labels(&[("nvidia.com/gpu.product", product), ("nvidia.com/gpu.count", count)]);
        let why = node("nvidia", &found, 5).unwrap_err().to_string();
        let expected = format!("{count} devices are labelled {product} and 5 nvidia.com/gpu");
        assert!(why.contains(&expected), "{why}");
    }
    let found = labels(&[
        ("amd.com/gpu.product-name.AMD_Instinct_MI210", "2"),
        ("amd.com/gpu.product-name.AMD_Radeon_Pro_W6800", "1"),
    ]);
    let why = node("amd", &found, 3).unwrap_err().to_string();
    assert!(why.contains("AMD_Instinct_MI210, AMD_Radeon_Pro_W6800"), "{why}");
    let both = [("nvidia.com/gpu".to_owned(), 1), ("amd.com/gpu".to_owned(), 1)].into();
    let found = labels(&[("nvidia.com/gpu.product", "NVIDIA-L4")]);
    let (gpus, model) = super::read(&found, &both, &both);
    assert_eq!(model, None);
    assert!(gpus.refusal.unwrap().to_string().contains("several models"));
}

#[test]
fn a_gpu_answers_to_every_way_of_asking_for_it() {
    let gpu = nvidia("NVIDIA-A100-SXM4-80GB", "81920");
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
