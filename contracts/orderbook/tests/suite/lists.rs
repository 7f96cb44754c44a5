//! A tenant changes who may bid on the orders to come.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{
    ExecuteMsg,
    events::{DeploymentUpdated, ListsSet},
};
use souk_contract_std::CommonError;
use souk_core::{DeploymentId, OrderId};
use souk_orderbook::ContractError;

use crate::market::{GroupAction::*, *};

fn market() -> (Market, DeploymentId, OrderId) {
    let mut market = Market::new();
    for name in ["a", "b"] {
        market.provider(name);
    }
    let order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    (market, id, order)
}

/// The first group is put out again.
fn again(market: &mut Market, id: DeploymentId) -> OrderId {
    market.group("ann", Pause, id, 1).unwrap();
    market.group("ann", Start, id, 1).unwrap();
    market.deployment(id).groups[0].order
}

#[test]
fn lists_hold_for_orders_that_are_opened_afterwards_and_an_open_one_keeps_its_own() {
    let (mut market, id, order) = market();
    let (a, b) = (market.who("a"), market.who("b"));
    let response = market.set_lists("ann", id, Some(&["a"]), None).unwrap();
    let (allow, refuse) = (Some(a.to_string()), None);
    let event = ListsSet { deployment: id, allow, refuse };
    assert_eq!(market.events_of::<ListsSet>(&response), [event]);
    assert_eq!(market.events_of::<DeploymentUpdated>(&response), []);
    assert_eq!(market.deployment(id).allow, [a.to_string()]);
    assert_eq!(market.order_of(order).allow, [""; 0]);
    market.place("b", order, 900).unwrap();

    let next = again(&mut market, id);
    assert_eq!(market.order_of(next).allow, [a.to_string()]);
    assert_eq!(market.place("b", next, 900).unwrap_err(), ContractError::NotAllowed(b.clone()));
    assert!(market.ineligible("b", next).is_some());
    // Changed twice while it is open, it still has the first.
    market.set_lists("ann", id, Some(&[]), Some(&["a"])).unwrap();
    market.set_lists("ann", id, None, Some(&["a", "b"])).unwrap();
    assert_eq!(market.order_of(next).refuse, [""; 0]);
    market.place("a", next, 900).unwrap();
    let last = again(&mut market, id);
    for (name, provider) in [("a", a), ("b", b)] {
        let error = ContractError::Refused(provider);
        assert_eq!(market.place(name, last, 900).unwrap_err(), error);
    }
    market.set_lists("ann", id, None, Some(&[])).unwrap();
    let free = again(&mut market, id);
    market.place("b", free, 900).unwrap();
}

#[test]
fn a_lease_that_ends_is_put_out_with_the_lists_of_that_day() {
    let (mut market, id, order) = market();
    market.place("a", order, 900).unwrap();
    market.accept("ann", order, "a", 900).unwrap();
    market.set_lists("ann", id, None, Some(&["b"])).unwrap();
    market.tenant_closes("ann", order).unwrap();
    let next = market.deployment(id).groups[0].order;
    let error = ContractError::Refused(market.who("b"));
    assert_eq!(market.place("b", next, 900).unwrap_err(), error);
    market.place("a", next, 900).unwrap();
}

#[test]
fn the_lists_are_the_tenants_and_not_its_delegates_to_change() {
    let (mut market, id, _) = market();
    market.set_delegate("ann", id, "desk", Some(1_000)).unwrap();
    for name in ["desk", "a", "eve"] {
        for (allow, refuse) in [(Some(&["a"][..]), None), (None, Some(&[][..]))] {
            let error = market.set_lists(name, id, allow, refuse).unwrap_err();
            let (needed, sender) = (souk_api::Permission::Tenant, market.who(name));
            assert_eq!(error, CommonError::NotPermitted { needed, sender }.into());
        }
    }
    let commitment = Some(HexBinary::from([9; 32]));
    let msg =
        ExecuteMsg::UpdateDeployment { deployment: id, commitment, allow: None, refuse: None };
    market.send(&market.who("desk"), &msg).unwrap();
}

#[test]
fn a_commitment_and_lists_change_together() {
    let (mut market, id, _) = market();
    let (allow, refuse) = (None, Some(vec![market.who("b").to_string()]));
    let commitment = Some(HexBinary::from([9; 32]));
    let msg = ExecuteMsg::UpdateDeployment { deployment: id, commitment, allow, refuse };
    let response = market.send(&market.who("ann"), &msg).unwrap();
    assert_eq!(market.events_of::<DeploymentUpdated>(&response).len(), 1);
    assert_eq!(market.events_of::<ListsSet>(&response).len(), 1);
    let shown = market.deployment(id);
    assert_eq!((shown.commitment, shown.refuse.len()), (HexBinary::from([9; 32]), 1));
}

#[test]
fn what_changes_nothing_or_is_no_list_is_refused_and_changes_nothing() {
    let (mut market, id, order) = market();
    let before = market.storage();
    let error = market.set_lists("ann", id, None, None).unwrap_err();
    assert_eq!(error, ContractError::NothingToUpdate(id));
    let names: Vec<String> = (0..17).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (allow, refuse, what) in [
        (Some(&names[..]), None, "providers in `allow`"),
        (None, Some(&names[..]), "providers in `refuse`"),
    ] {
        let error = market.set_lists("ann", id, allow, refuse).unwrap_err();
        assert_eq!(error, CommonError::TooMany { what, count: 17, max: 16 }.into());
    }
    let bad = Some(vec!["nobody".to_owned()]);
    let msg =
        ExecuteMsg::UpdateDeployment { deployment: id, commitment: None, allow: bad, refuse: None };
    assert!(market.send(&market.who("ann"), &msg).is_err());
    assert_eq!(market.storage(), before);
    market.set_lists("ann", id, Some(&names[..16]), Some(&names[..16])).unwrap();
    market.close("ann", id).unwrap();
    let error = market.set_lists("ann", id, Some(&[]), None).unwrap_err();
    assert_eq!(error, ContractError::DeploymentClosed(id));
    assert_eq!(market.order_of(order).allow, [""; 0]);
}
