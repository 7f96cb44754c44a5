//! What tenants ask for.

use souk_core::{Attribute, Gpu, GroupSpec, GroupUnit, Price, Requirements, Resources, Volume};

const MI: u64 = 1 << 20;

/// One replica of a core, 512 Mi and 1 Gi of disk.
pub fn app(name: &str) -> GroupSpec {
    let volume = Volume { name: "default".into(), size: 1_024 * MI, attributes: vec![] };
    let resources = Resources {
        cpu_milli: 1_000,
        cpu_attributes: vec![],
        memory: 512 * MI,
        gpu: None,
        storage: vec![volume],
        endpoints: vec![],
    };
    GroupSpec {
        name: name.into(),
        requirements: Requirements::default(),
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: Price::new(1_000_000).unwrap(),
    }
}

/// The same with GPUs of a model.
pub fn gpu_app(name: &str, model: &str, units: u32) -> GroupSpec {
    let mut group = app(name);
    let key = format!("vendor/nvidia/model/{model}");
    let gpu = Gpu { units, attributes: vec![Attribute::new(key, "true")] };
    group.units[0].resources.gpu = Some(gpu);
    group
}
