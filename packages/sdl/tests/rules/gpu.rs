use crate::support::{BASE, codes, first, gpu, hash};

fn keys(attributes: &str) -> Vec<String> {
    let text = gpu(&format!("units: 1\nattributes: {attributes}"));
    first(&text).resources.gpu.attributes.iter().map(|a| format!("{}={}", a.key, a.value)).collect()
}

fn nvidia(models: &str) -> String {
    format!("{{vendor: {{nvidia: {models}}}}}")
}

#[test]
fn models_become_attributes_sorted_by_key() {
    assert_eq!(
        keys(&nvidia(
            "[{model: t4}, {model: a100, ram: 80Gi}, {model: h100, interface: sxm, ram: 94Gi}]"
        )),
        [
            "vendor/nvidia/model/a100/ram/80Gi=true",
            "vendor/nvidia/model/h100/ram/94Gi/interface/sxm=true",
            "vendor/nvidia/model/t4=true",
        ]
    );
}

#[test]
fn no_model_means_any() {
    for text in ["{vendor: {nvidia: ~}}", "{vendor: {nvidia: []}}", "{vendor: {}}"] {
        assert_eq!(keys(text), ["vendor/nvidia/model/*=true"], "{text}");
    }
}

#[test]
fn souk_keeps_other_vendors() {
    assert_eq!(keys("{vendor: {amd: [{model: mi300x}]}}"), ["vendor/amd/model/mi300x=true"]);
    assert_eq!(keys("{vendor: {intel: ~}}"), ["vendor/intel/model/*=true"]);
}

#[test]
fn gpu_memory_is_whole_gi() {
    assert_eq!(keys(&nvidia("[{model: x1, ram: 1.5Gi}]")), ["vendor/nvidia/model/x1/ram/1Gi=true"]);
    assert_eq!(
        keys(&nvidia("[{model: x1, ram: 1Ti}]")),
        ["vendor/nvidia/model/x1/ram/1024Gi=true"]
    );
    assert_eq!(keys(&nvidia("[{model: x1, ram: 512Mi}]")), ["vendor/nvidia/model/x1/ram/0Gi=true"]);
    for ram in ["40G", "40gi", "many"] {
        let text = gpu(&format!(
            "units: 1\nattributes: {}",
            nvidia(&format!("[{{model: x1, ram: {ram}}}]"))
        ));
        assert_eq!(codes(&text), ["invalid-quantity"], "{ram}");
    }
}

#[test]
fn units_and_attributes_go_together() {
    let any = nvidia("[]");
    assert_eq!(codes(&gpu("units: 1")), ["gpu-vendor"]);
    assert_eq!(codes(&gpu(&format!("attributes: {any}"))), ["gpu-units"]);
    assert_eq!(codes(&gpu(&format!("units: 25\nattributes: {any}"))), ["out-of-range"]);
    assert_eq!(codes(&gpu("units: 1\nattributes: {}")), ["gpu-vendor"]);
    assert_eq!(codes(&gpu("units: 1\nattributes: {vendor: ~}")), ["gpu-vendor"]);
    for units in ["0", "~", "\"0\""] {
        assert_eq!(hash(&gpu(&format!("units: {units}"))), hash(BASE), "{units}");
    }
    for units in ["0.5", "+1", "-1", "1_0", "0x1", "one"] {
        let text = gpu(&format!("units: {units}\nattributes: {any}"));
        assert_eq!(codes(&text), ["invalid-quantity"], "{units}");
    }
}

#[test]
fn unknown_keys_are_errors_here_and_of_two_the_last_counts() {
    assert_eq!(codes(&gpu("unit: 1")), ["unknown-key"]);
    assert_eq!(codes(&gpu("units: 0\n<<: {}")), ["unknown-key"]);
    assert_eq!(codes(&gpu("units: 1\nattributes: {model: a100}")), ["unknown-key"]);
    let twice = gpu(&format!("units: 1\nunits: 2\nattributes: {}", nvidia("[]")));
    assert_eq!(first(&twice).resources.gpu.units.get(), 2);
}

#[test]
fn models_are_unique_and_interfaces_known() {
    let text = |models: &str| gpu(&format!("units: 1\nattributes: {}", nvidia(models)));
    assert_eq!(codes(&text("[{model: t4}, {model: t4}]")), ["duplicate-key"]);
    for interface in ["SXM", "nvlink", "pci"] {
        let models = format!("[{{model: t4, interface: {interface}}}]");
        assert_eq!(codes(&text(&models)), ["unknown-value"], "{interface}");
    }
    assert_eq!(codes(&text("[{model: \"a b\"}]")), ["invalid-name"]);
    assert_eq!(codes(&text("[{model: \"*\", ram: 8Gi}]")), ["invalid-name"]);
}

#[test]
fn a_scalar_for_gpu_asks_for_none() {
    let scalar = BASE.replacen("        memory:", "        gpu: 1\n        memory:", 1);
    assert_eq!(hash(&scalar), hash(BASE));
}
