//! What a group costs by the table of prices.

use souk_core::{Attribute, Denom, Endpoint, EndpointKind, Gpu, Resources, Volume};

use super::{super::*, fixture::*};
use crate::model::placement::{GpuModel, Placement, Requests};

#[test]
fn a_price_is_the_tables_rounded_up_at_the_end() {
    let config = config("");
    let table = config.bidding.table(&Denom::native("usouk")).unwrap();
    let with = |change: fn(&mut Resources)| {
        let mut group = group();
        change(&mut group.units[0].resources);
        price(&group, &[], table).unwrap()
    };
    for (what, found, expected) in [
        ("plain", with(|_| ()), PRICE),
        ("three GiB of disk each", with(|r| r.storage = vec![plain(3 * GI)]), PRICE + 3),
        ("a fraction of disk", with(|r| r.storage = vec![plain(GI / 2)]), PRICE + 1),
        ("persistent", with(|r| r.storage = vec![volume("beta3")]), PRICE + 6),
        (
            "in memory",
            with(|r| {
                let attributes = vec![Attribute::new("class", "ram")];
                r.storage = vec![Volume { attributes, ..plain(GI) }];
            }),
            PRICE + 200,
        ),
        (
            "endpoints once for all replicas, an address once for its number",
            with(|r| {
                let of = |kind, sequence| Endpoint { kind, sequence };
                r.endpoints = vec![
                    of(EndpointKind::SharedHttp, 0),
                    of(EndpointKind::RandomPort, 0),
                    of(EndpointKind::LeasedIp, 1),
                    of(EndpointKind::LeasedIp, 1),
                    of(EndpointKind::LeasedIp, 2),
                ];
            }),
            PRICE + 14 + 1_800,
        ),
    ] {
        assert_eq!(found, expected, "{what}");
    }
}

fn plain(size: u64) -> Volume {
    Volume { name: "default".into(), size, attributes: vec![] }
}

#[test]
fn a_gpu_costs_what_its_most_exact_entry_says() {
    let config = config("");
    let table = config.bidding.table(&Denom::native("usouk")).unwrap();
    let gpu = |model: &str, memory: &str| GpuModel {
        vendor: "nvidia".into(),
        model: model.into(),
        memory: Some(memory.into()),
        interface: None,
        product: model.into(),
    };
    let cost = |model: &str, memory: &str| {
        let mut group = group();
        let attributes = vec![Attribute::new("vendor/nvidia/model/*", "true")];
        group.units[0].resources.gpu = Some(Gpu { units: 2, attributes });
        let placement = Placement {
            unit: 1,
            node: "n".into(),
            requests: Requests::default(),
            volumes: vec![],
            gpu: Some(gpu(model, memory)),
        };
        price(&group, &[placement], table)
    };
    assert_eq!(cost("h100", "80Gi"), Ok(PRICE + 4 * 50_000));
    assert_eq!(cost("h100", "94Gi"), Ok(PRICE + 4 * 60_000));
    assert!(matches!(cost("l4", "24Gi"), Err(NoRate::Gpu(_))));
}

#[test]
fn a_price_may_name_a_gpu_as_any_of_the_markets_names_does() {
    let text = "[[rates]]\ndenom = \"usouk\"\ncpu = 1\nmemory = 1\nstorage = 1\n\
        gpu_models = [{ model = \"rtxpro6000\", price = 5 }, { model = \"pro6000se\", price = 7 }]";
    let bidding: crate::config::Bidding = toml::from_str(text).unwrap();
    let price = |product: &str| {
        let gpu = GpuModel {
            vendor: "nvidia".into(),
            model: "rtxpro6000".into(),
            memory: None,
            interface: None,
            product: product.into(),
        };
        gpu_rate(&bidding.rates[0], &gpu).map(|rate| rate.billionths() / 1_000_000_000)
    };
    assert_eq!(price("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"), Some(7));
    assert_eq!(price("NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition"), Some(5));
}

#[test]
fn the_largest_group_at_the_highest_rates_does_not_overflow() {
    let highest = (1u128 << 96).to_string();
    let text = format!(
        "[[bidding.rates]]\ndenom = \"uhigh\"\ncpu = \"{highest}\"\nmemory = \"{highest}\"\nstorage = \"{highest}\""
    );
    let config = config(&text);
    let table = config.bidding.table(&Denom::native("uhigh")).unwrap();
    let mut group = group();
    group.units[0].count = 50;
    group.units[0].resources.cpu_milli = 384_000;
    group.units[0].resources.memory = 2 << 40;
    group.units[0].resources.storage = vec![plain(32 << 40); 8];
    assert!(price(&group, &[], table).unwrap() > 1 << 96);
}
