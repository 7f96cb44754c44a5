//! How a tenant keeps a provider away from a group.

use souk_api::orderbook::{
    MAX_EXCLUDED, MAX_UNWANTED,
    events::{ExcludedSet, LeaseClosed},
};
use souk_contract_std::CommonError;
use souk_core::{CloseReason, DeploymentId, GroupSeq, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

#[test]
fn a_winner_that_never_serves_is_excluded_by_the_tenants_close() {
    let mut market = Market::new();
    for name in ["honest", "lazy"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(300));
    let id = market.order_of(order).group.deployment;
    market.place("honest", order, 900).unwrap();
    market.place("lazy", order, 1).unwrap();
    market.lapse(300).close_auction(order, 1).unwrap();
    let response = market.pass(240).tenant_excludes("ann", order).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.excluded, closed.breach), (Some(true), false));

    let order = market.deployment(id).groups[0].order;
    let lazy = market.who("lazy");
    assert_eq!(market.order_of(order).excluded, [lazy.to_string()]);
    assert_eq!(market.place("lazy", order, 1).unwrap_err(), ContractError::Excluded(lazy));
    market.place("honest", order, 900).unwrap();
    market.lapse(300).close_auction(order, 1).unwrap();
    assert_eq!(market.lease_of(order).provider, market.who("honest").to_string());
}

#[test]
fn an_exclusion_is_no_breach_and_does_not_use_up_the_groups_reopenings() {
    let mut market = Market::new();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        market.provider(name);
    }
    let mut order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    for name in names {
        market.place(name, order, 900).unwrap();
        market.accept("ann", order, name, 900).unwrap();
        market.tenant_excludes("ann", order).unwrap();
        assert_eq!(market.stats_of(name).breaches, 0);
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(market.order_of(order).excluded.len(), 5);
    market.provider("last");
    market.place("last", order, 900).unwrap();
    market.accept("ann", order, "last", 900).unwrap();
    market.provider_closes("last", order, CloseReason::Unstable).unwrap();
    let order = market.deployment(id).groups[0].order;
    assert_eq!(market.order_of(order).excluded.len(), 6, "it was the group's first breach");
}

#[test]
fn a_provider_excludes_nobody() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    let msg = souk_api::orderbook::ExecuteMsg::CloseLease { order, reason: None, exclude: true };
    let error = market.send(&market.operator("pro"), &msg).unwrap_err();
    assert_eq!(error, ContractError::NotYoursToExclude(order));
}

#[test]
fn a_tenant_excludes_the_provider_of_a_depleted_lease_as_well() {
    let mut market = Market::new();
    market.provider("pro");
    let new = deployment(&[group("web", 500_000)], tenant_choice());
    let id = market.create("ann", &new, 500_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 500_000).unwrap();
    market.accept("ann", order, "pro", 500_000).unwrap();
    market.pass(HOUR).tenant_excludes("ann", order).unwrap();
    assert_eq!(market.deployment(id).groups[0].excluded, [market.who("pro").to_string()]);
}

#[test]
fn the_list_is_the_tenants_for_the_orders_to_come() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let order = market.lease("ann", "pro", 900);
    let id = market.order_of(order).group.deployment;
    let other = market.who("other");
    let response = market.set_excluded("ann", id, &["other", "other"], &[]).unwrap();
    let event =
        ExcludedSet { deployment: id, group: GroupSeq(1), providers: Some(other.to_string()) };
    assert_eq!(market.events_of::<ExcludedSet>(&response), [event]);
    market.tenant_closes("ann", order).unwrap();
    let order = market.deployment(id).groups[0].order;
    assert_eq!(market.place("other", order, 900).unwrap_err(), ContractError::Excluded(other));

    let response = market.set_excluded("ann", id, &[], &["other"]).unwrap();
    assert_eq!(market.events_of::<ExcludedSet>(&response)[0].providers, None);
    assert_eq!(market.order_of(order).excluded.len(), 1, "an open order keeps its list");
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    market.tenant_closes("ann", order).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("other", order, 900).unwrap();
}

#[test]
fn a_change_of_the_list_leaves_the_others_on_it_in_the_order_in_which_they_came() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let excluded = |market: &Market, names: &[&str]| {
        let expected: Vec<String> = names.iter().map(|name| market.who(name).into()).collect();
        assert_eq!(market.deployment(id).groups[0].excluded, expected);
    };
    for (add, remove, then) in [
        (&["c", "a", "b"][..], &[][..], &["c", "a", "b"][..]),
        (&["d"], &["a", "stranger"], &["c", "b", "d"]),
        (&["c"], &[], &["b", "d", "c"]),
        (&["b"], &["b", "d"], &["c", "b"]),
    ] {
        market.set_excluded("ann", id, add, remove).unwrap();
        excluded(&market, then);
    }
}

#[test]
fn providers_that_leave_do_not_push_out_whom_the_tenant_named() {
    let mut market = Market::new();
    let mut order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    market.set_excluded("ann", id, &["never"], &[]).unwrap();
    for round in 0..20 {
        let name = format!("s{round}");
        market.provider(&name);
        market.place(&name, order, 900).unwrap();
        market.accept("ann", order, &name, 900).unwrap();
        market.pass(3 * HOUR).provider_closes(&name, order, CloseReason::Unstable).unwrap();
        order = market.deployment(id).groups[0].order;
    }
    let excluded = market.order_of(order).excluded;
    assert_eq!(excluded.len(), MAX_EXCLUDED);
    assert!(excluded.contains(&market.who("never").to_string()));
    assert!(!excluded.contains(&market.who("s4").to_string()), "the oldest that left may again");
}

/// A group whose tenant named as many providers as it may, with `desk` as the delegate.
fn all_named() -> (Market, DeploymentId, Vec<String>) {
    let mut market = Market::new();
    let mut new = deployment(&[group("web", 1_000)], tenant_choice());
    new.delegate = Some(market.who("desk").into());
    new.delegate_limit = Some(souk_core::Rate::MAX);
    let id = market.create("ann", &new, PLENTY).unwrap();
    let names: Vec<String> = (0..MAX_UNWANTED).map(|number| format!("p{number}")).collect();
    let each: Vec<&str> = names.iter().map(String::as_str).collect();
    market.set_excluded("ann", id, &each, &[]).unwrap();
    (market, id, names)
}

#[test]
fn a_delegate_that_excludes_lets_nobody_in_whom_the_tenant_named() {
    let (mut market, id, names) = all_named();
    for name in ["s1", "s2"] {
        let order = market.deployment(id).groups[0].order;
        market.provider(name);
        market.place(name, order, 900).unwrap();
        market.accept("desk", order, name, 900).unwrap();
        market.pass(3 * HOUR).tenant_excludes("desk", order).unwrap();
    }
    let excluded = market.deployment(id).groups[0].excluded.clone();
    let who = |name: &str| market.who(name).to_string();
    assert_eq!(
        excluded,
        ["s2"].into_iter().chain(names.iter().map(String::as_str)).map(who).collect::<Vec<_>>()
    );
}

#[test]
fn the_list_is_not_the_delegates() {
    let mut market = Market::new();
    let mut new = deployment(&[group("web", 1_000)], tenant_choice());
    new.delegate = Some(market.who("desk").into());
    let id = market.create("ann", &new, PLENTY).unwrap();
    let needed = souk_api::Permission::Tenant;
    let refused = CommonError::NotPermitted { needed, sender: market.who("desk") };
    let error = market.set_excluded("desk", id, &["pro"], &[]).unwrap_err();
    assert_eq!(error, refused.into());
}

#[test]
fn fifteen_are_named_at_most() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let names: Vec<String> = (0..17).map(|number| format!("p{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    market.set_excluded("ann", id, &names[..15], &[]).unwrap();
    let error = CommonError::TooMany { what: "excluded providers", count: 16, max: MAX_UNWANTED };
    assert_eq!(market.set_excluded("ann", id, &names[..16], &[]).unwrap_err(), error.into());
    market.close("ann", id).unwrap();
    let error = market.set_excluded("ann", id, &[], &[]).unwrap_err();
    assert_eq!(error, ContractError::DeploymentClosed(id));
}

#[test]
fn a_delegate_that_starts_a_group_without_its_last_provider_lets_nobody_in_whom_the_tenant_named() {
    let (mut market, id, names) = all_named();
    let order = market.deployment(id).groups[0].order;
    market.provider("s1");
    market.place("s1", order, 900).unwrap();
    market.accept("ann", order, "s1", 900).unwrap();
    market.pass(3 * HOUR).group("desk", GroupAction::Pause, id, 1).unwrap();
    market.group("desk", GroupAction::StartWithoutLast, id, 1).unwrap();
    let excluded = market.deployment(id).groups[0].excluded.clone();
    let who = |name: &str| market.who(name).to_string();
    assert_eq!(
        excluded,
        ["s1"].into_iter().chain(names.iter().map(String::as_str)).map(who).collect::<Vec<_>>()
    );
}
