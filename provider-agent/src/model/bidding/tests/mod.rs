//! Tables: each input that decides, on its own.

mod auction;
mod fixture;
mod price;
mod questions;

use std::collections::BTreeMap;

use souk_api::published::Floors;
use souk_core::{Amount, Attribute, Denom, Endpoint, EndpointKind, Gpu, Price, PriceFloor};

use fixture::*;

use super::*;
use crate::model::Order;

#[test]
fn what_is_well_gets_a_bid_at_the_tables_price() {
    let decision = fixture().decide(&order(group()));
    assert_eq!(price_of(&decision), Some(PRICE), "{decision:?}");
}

#[test]
fn a_bid_offers_the_notice_that_is_configured_or_what_the_order_asks_for() {
    for (configured, asked, offered) in [
        ("", None, None),
        ("", Some(3_600), Some(3_600)),
        ("reclamation_window = \"2h\"", None, None),
        ("reclamation_window = \"2h\"", Some(3_600), Some(7_200)),
        ("reclamation_window = \"2h\"", Some(7_200), Some(7_200)),
    ] {
        let (mut fixture, mut order) = (fixture(), order(group()));
        if !configured.is_empty() {
            fixture.config = config(configured);
        }
        detail(&mut order).reclamation = asked;
        let decision = fixture.decide(&order);
        let Decision::Bid { reclamation_window, .. } = decision else { panic!("{decision:?}") };
        assert_eq!(reclamation_window, offered, "{configured}, {asked:?}");
    }
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
        ("send it coins", TenantReason::NotBidding, |w, _| {
            w.short_of_coins = Some("send it coins")
        }),
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
        (
            "asks for 7200 s of notice before a reclaim, this provider gives 3600 s",
            TenantReason::Notice,
            |w, o| {
                w.config = config("reclamation_window = \"1h\"");
                detail(o).reclamation = Some(7_200);
            },
        ),
        (
            "as absent after 21600 s, this one takes 86400 s or more",
            TenantReason::AbsenceLimit,
            |w, o| {
                w.config = config("shortest_absence_limit = \"1day\"");
                detail(o).absence_limit = Some(21_600);
            },
        ),
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
fn a_price_is_never_below_what_the_provider_itself_set_and_in_no_denom_without_a_floor() {
    let floor = |denom: &str| PriceFloor {
        denom: Denom::native(denom),
        cpu: Amount::new(50_000).unwrap(),
        memory: Amount::ZERO,
        gpu: Amount::ZERO,
    };
    let mut fixture = fixture();
    let own = floor("usouk");
    let least = own.of(&group());
    let floors = Floors { now: vec![], next: vec![own], from: fixture.now + 1 };
    fixture.provider().floors = Some(floors);
    let before = price_of(&fixture.decide(&order(group())));
    assert!(before.is_some_and(|price| price < least), "it does not hold yet");
    fixture.now += 1;
    let mut high = order(group());
    high.ceiling = Price::new(least + 1).unwrap();
    assert_eq!(price_of(&fixture.decide(&high)), Some(least));
    let other = Floors { now: vec![floor("uother")], next: vec![], from: 0 };
    fixture.provider().floors = Some(other);
    let denom = Reason::Denom(Denom::native("usouk"));
    assert_eq!(fixture.decide(&order(group())), Decision::Pass(denom));
}

#[test]
fn a_price_is_never_below_the_markets_least() {
    let mut fixture = fixture();
    fixture.min_prices = BTreeMap::from([(Denom::native("usouk"), Price::new(3_000).unwrap())]);
    assert_eq!(price_of(&fixture.decide(&order(group()))), Some(3_000));
}

#[test]
fn an_auction_that_a_chain_slept_through_takes_bids_until_its_blocks_have_passed() {
    let (mut fixture, mut order) = (fixture(), binding(group()));
    detail(&mut order).closes_at_block = Some(8);
    for (now, height, over) in
        [(999, 7, false), (999, 9, false), (5_000, 7, false), (1_000, 8, true), (5_000, 9, true)]
    {
        (fixture.now, fixture.height) = (now, height);
        let decision = fixture.decide(&order);
        let passed = matches!(decision, Decision::Pass(Reason::Over(1_000)));
        assert_eq!(passed, over, "at {now}, block {height}: {decision:?}");
        assert_eq!(order.auction_over(now, height).is_some(), over, "nor is it closed before");
    }
    // An orderbook of the first release names no block.
    detail(&mut order).closes_at_block = None;
    assert_eq!(order.auction_over(1_000, 0), Some(1_000));
}
