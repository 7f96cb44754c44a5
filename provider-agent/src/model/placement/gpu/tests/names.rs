//! The table: each line as the labellers write it, and the names that the market uses.

use std::collections::BTreeSet;

use souk_core::Attribute;

use super::{labels, node, nvidia, table, text};

/// A driver's name as NVIDIA's or AMD's labeller writes it.
fn label(vendor: &str, name: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || " -_.".contains(*c);
    let kept: String = name.chars().filter(allowed).collect();
    let blank = if vendor == "amd" { "_" } else { "-" };
    kept.split_whitespace().collect::<Vec<_>>().join(blank)
}

/// The labels of a node with a device.
fn of(vendor: &str, name: &str, gib: u64, interface: &str) -> super::Labels {
    let product = label(vendor, name);
    if vendor == "amd" {
        return labels(&[
            ("amd.com/gpu.product-name", &product),
            ("amd.com/gpu.vram", &format!("{gib}G")),
        ]);
    }
    // Drivers keep some of it; on boards without HBM error correction takes a sixteenth.
    let parts = if interface == "sxm" { 255 } else { 240 };
    let mib = (gib * 1_024 * parts / 256).to_string();
    labels(&[("nvidia.com/gpu.product", &product), ("nvidia.com/gpu.memory", &mib)])
}

#[test]
fn each_name_of_the_table_is_its_model_with_memory_and_interface() {
    let devices = table::devices();
    assert!(devices.len() > 200);
    for device in devices {
        for (name, gib) in
            device.names.iter().flat_map(|n| device.memory.iter().map(move |m| (n, m)))
        {
            let gpu = node(&device.vendor, &of(&device.vendor, name, *gib, &device.interface), 4)
                .unwrap();
            let expected =
                format!("{} {} {gib}Gi {}", device.vendor, device.model, device.interface);
            assert_eq!(text(&gpu), expected, "{name}");
            let names: Vec<&str> = gpu.names().collect();
            let known = [device.model.as_str()].into_iter();
            let known: Vec<&str> = known.chain(device.aliases.iter().map(String::as_str)).collect();
            assert_eq!(names, known, "{name}");
        }
    }
}

#[test]
fn a_line_of_the_table_is_of_one_form_and_no_name_is_on_two() {
    let mut seen = BTreeSet::new();
    for device in table::devices() {
        assert!(["nvidia", "amd"].contains(&device.vendor.as_str()), "{device:?}");
        assert!(["sxm", "oam", "pcie"].contains(&device.interface.as_str()), "{device:?}");
        assert!(!device.memory.is_empty() && !device.memory.contains(&0), "{device:?}");
        assert!(!device.pci.is_empty() && !device.names.is_empty(), "{device:?}");
        for id in &device.pci {
            let hexadecimal = id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            assert!(id.len() == 4 && hexadecimal, "{device:?}");
        }
        for name in device.aliases.iter().chain([&device.model]) {
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(plain, "{device:?}");
        }
        for name in &device.names {
            let key = (device.vendor.clone(), super::super::name::key(name));
            assert!(seen.insert(key), "{name} is on two lines");
        }
    }
}

/// The devices of Akash: vendor, PCI id, name, interface, GiB.
fn of_akash() -> Vec<[&'static str; 5]> {
    let lines = include_str!("akash.csv").lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split(',').collect::<Vec<_>>().try_into().unwrap());
    fields.collect()
}

#[test]
fn each_device_of_akash_answers_to_its_name_there() {
    let all = of_akash();
    let names: BTreeSet<&str> = all.iter().map(|[_, _, name, ..]| *name).collect();
    assert_eq!((all.len(), names.len()), (98, 74));
    for [vendor, id, name, interface, gib] in all {
        let wanted =
            |key: &str| [Attribute::new(format!("vendor/{vendor}/model/{name}{key}"), "true")];
        let with_id = table::by_pci(vendor, id);
        let answers = with_id.iter().any(|device| {
            let gib = gib.parse().unwrap();
            device.names.iter().all(|product| {
                let gpu = node(vendor, &of(vendor, product, gib, interface), 1).unwrap();
                gpu.is_one_of(&wanted(""))
                    && gpu.is_one_of(&wanted(&format!("/ram/{gib}Gi/interface/{interface}")))
                    && gpu.offered_as(&wanted("")).contains(&format!("/{name}/"))
            })
        });
        assert!(answers, "{id} {name} {interface} {gib}");
    }
}

#[test]
fn what_the_market_keeps_apart_does_not_answer_for_the_other() {
    for (product, memory, is, is_not) in [
        ("NVIDIA-H200-NVL", "143771", "h200nvl", "h200"),
        ("NVIDIA-H200", "143771", "h200", "h200nvl"),
        ("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "97887", "pro6000se", "pro6000we"),
        ("NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition", "97887", "pro6000we", "pro6000se"),
        (
            "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
            "97887",
            "pro6000mq",
            "pro6000we",
        ),
        ("NVIDIA-GeForce-RTX-4080-SUPER", "16376", "rtx4080s", "rtx4080"),
        ("NVIDIA-GeForce-RTX-4080", "16376", "rtx4080", "rtx4080s"),
        ("NVIDIA-GeForce-RTX-3060-Laptop-GPU", "6144", "rtx3060m", "rtx3060"),
        ("NVIDIA-GeForce-RTX-4090-D", "24564", "rtx4090d", "rtx4090"),
        ("Quadro-RTX-5000", "16384", "rtx5000", "rtx5000ada"),
        ("NVIDIA-RTX-A5000", "24564", "a5000", "rtx5000"),
    ] {
        let gpu = nvidia(product, memory);
        let wants = |name: &str| [Attribute::new(format!("vendor/nvidia/model/{name}"), "true")];
        assert!(gpu.is_one_of(&wants(is)), "{product} is {is}");
        assert!(!gpu.is_one_of(&wants(is_not)), "{product} is not {is_not}");
    }
}

#[test]
fn a_name_with_or_without_its_family_is_the_same_device() {
    for (product, expected) in [
        ("A100-SXM4-40GB", "nvidia a100 40Gi sxm"),
        ("NVIDIA-A100-SXM4-40GB", "nvidia a100 40Gi sxm"),
        ("NVIDIA-Tesla-T4", "nvidia t4 16Gi pcie"),
        ("GeForce-RTX-2080-Ti", "nvidia rtx2080ti 11Gi pcie"),
        ("NVIDIA-TITAN-RTX", "nvidia titanrtx 24Gi pcie"),
    ] {
        let gpu = node("nvidia", &labels(&[("nvidia.com/gpu.product", product)]), 1).unwrap();
        assert_eq!(text(&gpu), expected);
    }
    let with = |name: &str| {
        let pairs = [("amd.com/gpu.product-name", name), ("amd.com/gpu.vram", "192G")];
        text(&node("amd", &labels(&pairs), 8).unwrap())
    };
    assert_eq!(with("AMD_Instinct_MI300X_OAM"), "amd mi300x 192Gi oam");
    assert_eq!(with("AMD_Instinct_MI300X"), "amd mi300x 192Gi oam");
}

#[test]
fn an_unknown_name_says_no_more_than_it_does() {
    for (product, memory, expected) in [
        ("NVIDIA-X900-SXM7-AC", "275040", "nvidia x900 268Gi sxm"),
        ("NVIDIA-X900-NVL", "143771", "nvidia x900nvl 140Gi -"),
        ("NVIDIA-X900-80GB-HBM5", "81559", "nvidia x900 80Gi -"),
        ("NVIDIA-X900-480GB", "97871", "nvidia x900 95Gi -"),
        ("NVIDIA-GeForce-RTX-9090-Founders-Edition", "24564", "nvidia rtx9090founders 23Gi -"),
        ("NVIDIA-X900-80GB", "0", "nvidia x900 - -"),
    ] {
        assert_eq!(text(&nvidia(product, memory)), expected, "{product}");
    }
    let nameless = labels(&[("nvidia.com/gpu.product", "NVIDIA-Graphics-Device")]);
    let why = node("nvidia", &nameless, 1).unwrap_err().to_string();
    assert!(why.contains("names no model"), "{why}");
}

#[test]
fn a_pci_id_tells_what_an_unknown_name_does_not() {
    let nvidia = [
        ("nvidia.com/gpu.product", "NVIDIA-Board-7"),
        ("nvidia.com/gpu.memory", "81559"),
        ("feature.node.kubernetes.io/pci-0302_10de_2330.present", "true"),
        ("feature.node.kubernetes.io/pci-0680_10de_22a3.present", "true"),
    ];
    assert_eq!(text(&node("nvidia", &labels(&nvidia), 8).unwrap()), "nvidia h100 80Gi sxm");
    // Several cards share an id: the memory decides.
    for (vram, expected) in [("24G", "amd rx7900xtx 24Gi pcie"), ("20G", "amd rx7900xt 20Gi pcie")]
    {
        let amd = [
            ("amd.com/gpu.product-name", "Board_7"),
            ("amd.com/gpu.device-id", "744C"),
            ("amd.com/gpu.vram", vram),
        ];
        assert_eq!(text(&node("amd", &labels(&amd), 1).unwrap()), expected);
    }
    let other = [
        ("amd.com/gpu.product-name", "AMD_Instinct_MI300X_OAM"),
        ("amd.com/gpu.device-id", "740f"),
    ];
    let why = node("amd", &labels(&other), 1).unwrap_err().to_string();
    assert!(why.contains("740f, which is another's"), "{why}");
}
