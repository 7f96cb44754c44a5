//! Tables: each input that decides, on its own.

mod auction;
mod fixture;
mod price;
mod questions;

use std::collections::BTreeMap;

use souk_core::{Attribute, Denom, Endpoint, EndpointKind, Gpu, Price};

use fixture::*;

use super::*;
use crate::model::Order;

#[test]
fn what_is_well_gets_a_bid_at_the_tables_price() {
    let decision = fixture().decide(&order(group()));
    assert_eq!(price_of(&decision), Some(PRICE), "{decision:?}");
}

type Spoil = fn(&mut Fixture, &mut Order);

#[test]
fn each_reason_for_no_bid_has_its_full_text_and_one_for_the_tenant() {
    let table: &[(&str, TenantReason, Spoil)] = &[
        ("switched off", TenantReason::NotBidding, |w, _| w.config = config("enabled = false")),
        ("not registered", TenantReason::NotBidding, |w, _| w.provider = None),
        ("souk1other as the provider's operator", TenantReason::NotBidding, |w, _| {
            w.provider().other_operator = Some("souk1other".into());
        }),
        ("maintenance", TenantReason::NotBidding, |w, _| w.provider().maintenance = true),
        ("paused", TenantReason::NotBidding, |w, _| w.paused = true),
        ("until 10000", TenantReason::Over, |w, _| w.now = 10_001),
        ("until 400", TenantReason::Over, |w, o| {
            *o = binding(group());
            o.closes_at = Some(400);
            w.now = 400;
        }),
        ("allows other", TenantReason::TenantLists, |_, o| detail(o).allow = vec!["x".into()]),
        ("tenant refuses", TenantReason::TenantLists, |_, o| detail(o).refuse = vec![ME.into()]),
        ("had the group", TenantReason::TenantLists, |_, o| detail(o).excluded = vec![ME.into()]),
        ("no prices in uother", TenantReason::Denom, |_, o| o.denom = Denom::native("uother")),
        ("region=us", TenantReason::Attributes, |_, o| {
            detail(o).spec.requirements.attributes = vec![Attribute::new("region", "us")];
        }),
        ("attests nothing", TenantReason::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.all_of = vec!["souk1aud".into()];
        }),
        ("none of the auditors", TenantReason::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.any_of = vec!["souk1aud".into()];
        }),
        ("none of the GPUs", TenantReason::Capabilities, |_, o| {
            let attributes = vec![Attribute::new("vendor/nvidia/model/h100", "true")];
            detail(o).spec.units[0].resources.gpu = Some(Gpu { units: 1, attributes });
        }),
        ("class beta1", TenantReason::Capabilities, |w, o| {
            w.provider().claims = storage_claims("beta1");
            detail(o).spec.units[0].resources.storage = vec![volume("beta1")];
            w.inventory.as_mut().unwrap().persistent.insert("beta1".into(), None);
        }),
        ("storage class beta3", TenantReason::Capacity, |w, o| {
            w.provider().claims = storage_claims("beta3");
            detail(o).spec.units[0].resources.storage = vec![volume("beta3")];
        }),
        ("no port endpoints", TenantReason::Capabilities, |_, o| {
            let endpoint = Endpoint { kind: EndpointKind::RandomPort, sequence: 0 };
            detail(o).spec.units[0].resources.endpoints = vec![endpoint];
        }),
        ("ceiling is 1199", TenantReason::Price, |_, o| o.ceiling = Price::new(1_199).unwrap()),
        ("no node has room", TenantReason::Capacity, |_, o| detail(o).spec.units[0].count = 17),
        ("at most 5 may be", TenantReason::Limits, |w, _| w.open_for_tenant = 5),
        ("at most 20 may be", TenantReason::Limits, |w, _| {
            w.open_for_tenant = 20;
            w.provider().slots = 1_000;
        }),
        ("takes no bids while", TenantReason::ChainRefused, |w, _| {
            w.asked = true;
            w.refusal = Some("order 5 takes no bids while its account has 7".into());
        }),
        ("backs 10", TenantReason::Limits, |w, _| w.provider().used = 10),
        ("lowest worth bidding 1200", TenantReason::Price, |w, o| {
            *o = binding(group());
            w.rival(1_200);
        }),
    ];
    for (part, tenant_reason, spoil) in table {
        let (mut fixture, mut order) = (fixture(), order(group()));
        spoil(&mut fixture, &mut order);
        match fixture.decide(&order) {
            Decision::Pass(reason) => {
                assert!(reason.to_string().contains(part), "{part}: {reason}");
                assert_eq!(reason.for_tenant(), *tenant_reason, "{part}");
                let shown = reason.for_tenant().as_str();
                assert!(shown.bytes().all(|b| !b.is_ascii_digit()), "numbers in `{shown}`");
            }
            other => panic!("{part}: {other:?}"),
        }
    }
}

#[test]
fn what_is_missing_for_a_decision_is_waited_for() {
    let mut order = order(group());
    let mut fixture = fixture();
    fixture.inventory = Err("watch is broken".into());
    let waiting = fixture.decide(&order);
    assert_eq!(waiting, Decision::Wait(WaitReason::Cluster("watch is broken".into())));
    order.detail = None;
    assert_eq!(fixture.decide(&order), Decision::Wait(WaitReason::Detail));
}

#[test]
fn a_price_is_never_below_the_markets_least() {
    let mut fixture = fixture();
    fixture.min_prices = BTreeMap::from([(Denom::native("usouk"), Price::new(3_000).unwrap())]);
    assert_eq!(price_of(&fixture.decide(&order(group()))), Some(3_000));
}
