use souk_core::{AuctionPolicy, Denom, EndpointKind};
use souk_sdl::{Mapping, OrderError};

use crate::support::{BASE, accepted, edit, edit_of, gpu, v2_1};

fn ceiling(text: &str) -> u128 {
    accepted(text).order_groups(&Mapping::default()).unwrap().groups[0].ceiling.u128()
}

#[test]
fn the_ceiling_is_price_times_count_for_an_hour_rounded_up_and_at_least_one() {
    let with = |amount: &str, count: &str, souk: &str| {
        let text = edit(&[
            ("amount: 1000", &format!("amount: {amount}")),
            ("count: 1", &format!("count: {count}")),
        ]);
        format!("{text}{souk}")
    };
    assert_eq!(ceiling(BASE), 600_000);
    assert_eq!(ceiling(&with("0.001", "1", "")), 1, "0.6 becomes 1");
    assert_eq!(ceiling(&with("0.005", "1", "")), 3, "exactly 3");
    assert_eq!(ceiling(&with("\"0.000000000000000001\"", "1", "")), 1);
    assert_eq!(ceiling(&with("\"1.000000000000000001\"", "50", "")), 30_001);
    assert_eq!(ceiling(&with("7", "3", "souk: {price: {per: hour}}\n")), 21);
    assert_eq!(ceiling(&with("721", "1", "souk: {price: {per: month}}\n")), 2);
    assert_eq!(ceiling(&with("720", "1", "souk: {price: {per: month}}\n")), 1);
}

#[test]
fn a_group_goes_over_with_its_units_and_endpoints() {
    let text = gpu("units: 2\nattributes: {vendor: {nvidia: [{model: h100}]}}");
    let order = accepted(&text).order_groups(&Mapping::default()).unwrap();
    assert_eq!(order.denom, Denom::native("usouk"));
    assert_eq!(order.auction, AuctionPolicy::TenantChoice {});
    let group = &order.groups[0];
    assert_eq!((group.name.as_str(), group.units.len(), group.units[0].count), ("east", 1, 1));
    let resources = &group.units[0].resources;
    assert_eq!((resources.cpu_milli, resources.memory), (1000, 512 << 20));
    assert_eq!(resources.gpu.as_ref().unwrap().units, 2);
    assert_eq!(resources.storage[0].size, 1 << 30);
    assert_eq!(resources.endpoints[0].kind, EndpointKind::SharedHttp);
    assert_eq!(
        accepted(BASE).order_groups(&Mapping::default()).unwrap().groups[0].units[0].resources.gpu,
        None
    );
}

#[test]
fn denoms_and_auditors_are_mapped() {
    let text = edit(&[(
        "      pricing:",
        "      signedBy: {anyOf: [akash1a], allOf: [akash1b]}\n      pricing:",
    )]);
    let text = edit_of(&text, &[("denom: usouk", "denom: usdc")]);
    let text = format!("{text}souk: {{denoms: {{usdc: ibc/ABC}}}}\n");
    let mapping = Mapping {
        denom: &|denom| match denom {
            "ibc/ABC" => Ok(Denom::native("ibc/XYZ")),
            other => Err(format!("no {other} here")),
        },
        auditor: &|auditor| Ok(auditor.replacen("akash", "souk", 1)),
    };
    let order = accepted(&text).order_groups(&mapping).unwrap();
    assert_eq!(order.denom, Denom::native("ibc/XYZ"));
    let signed_by = &order.groups[0].requirements.signed_by;
    assert_eq!((signed_by.any_of[0].as_str(), signed_by.all_of[0].as_str()), ("souk1a", "souk1b"));
    let refused = accepted(BASE).order_groups(&mapping);
    assert_eq!(
        refused,
        Err(OrderError::Denom { denom: "usouk".into(), reason: "no usouk here".into() })
    );
}

#[test]
fn groups_may_be_changed_before_they_are_ordered() {
    let mut compiled = accepted(BASE);
    compiled.groups[0].resources[0].price.denom = "uother".into();
    let order = compiled.order_groups(&Mapping::default()).unwrap();
    assert_eq!(order.denom, Denom::native("uother"));
}

#[test]
fn what_the_orderbook_would_refuse_is_refused_here() {
    let replicas = edit(&[("count: 1", "count: 51")]);
    let order = accepted(&replicas).order_groups(&Mapping::default());
    assert!(matches!(order, Err(OrderError::Limit(_))), "{order:?}");
    let attribute = edit(&[("      pricing:", "      attributes: {9bad: x}\n      pricing:")]);
    let order = accepted(&v2_1(&attribute)).order_groups(&Mapping::default());
    assert!(matches!(order, Err(OrderError::Limit(_))), "{order:?}");
}
