//! What Akash's chain gets wrong and this market must not, where no other file has it. The whole list is in
//! docs/spec/akash.md.

use cosmwasm_std::coin;
use souk_api::{
    defaults::{self, MIN_DEPOSIT},
    orderbook::{ExecuteMsg, GroupState, OrderState, events::OrderClosed},
};
use souk_contract_std::CommonError;
use souk_core::{CloseReason, Denom, DeploymentId, time::HOUR};

use crate::market::{GroupAction::*, *};

#[test]
fn as_many_providers_bid_on_an_order_as_like_to_and_the_last_counts_as_the_first() {
    let mut market = Market::new();
    let order = market.order("ann", lowest_price(300));
    // Akash takes 20, and means 21.
    let names: Vec<String> = (0..60).map(|number| format!("p{number}")).collect();
    for (name, units) in names.iter().zip((801..=860).rev()) {
        market.provider(name);
        market.place(name, order, units).unwrap();
    }
    assert_eq!(market.bids(order).len(), 60);
    market.lapse(300).close_auction(order, 1).unwrap();
    assert_eq!(market.lease_of(order).provider, market.who("p59").to_string(), "the lowest");
}

#[test]
fn a_bid_is_in_the_denom_of_its_order_and_coins_of_any_denom_with_it_are_refused_by_name() {
    let mut market = Market::new();
    market.provider("pro");
    let uusdc = Denom::native("uusdc");
    let denoms = Some(vec![defaults::denom_config(uusdc.clone())]);
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None };
    market.send(&market.owner.clone(), &msg).unwrap();
    let new = deployment(&[group("web", 1_000)], tenant_choice());
    let (ann, pay) = (market.who("ann"), [coin(MIN_DEPOSIT, "uusdc")]);
    market.pay(&ann, &ExecuteMsg::CreateDeployment(new), &pay).unwrap();
    let order = market.deployment(DeploymentId(1)).groups[0].order;
    let bid = ExecuteMsg::PlaceBid {
        order,
        provider: market.who("pro").to_string(),
        price: price(900),
        offer: Vec::new(),
        reclamation_window: None,
    };
    let operator = market.operator("pro");
    for denom in ["usouk", "uusdc", "ibc/27394FB092D2ECCD56123C74F36E4C1F"] {
        let error = market.pay(&operator, &bid, &[coin(5, denom)]).unwrap_err();
        assert_eq!(error, CommonError::CoinsNotTaken { coins: format!("5{denom}") }.into());
    }
    market.send(&operator, &bid).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    assert_eq!(market.lease_of(order).denom, uusdc);
    assert_eq!(market.account(DeploymentId(1)).denom, uusdc);
}

#[test]
fn a_group_that_ends_leaves_no_order_open() {
    for (auction, bids) in [(tenant_choice(), true), (lowest_price(300), false)] {
        for whole in [false, true] {
            let mut market = Market::new();
            market.provider("pro");
            let groups = [group("web", 1_000), group("db", 1_000)];
            let id = market.create("ann", &deployment(&groups, auction), PLENTY).unwrap();
            let orders = [0, 1].map(|n| market.deployment(id).groups[n].order);
            if bids {
                market.place("pro", orders[0], 900).unwrap();
            }
            let response = match whole {
                true => market.close("ann", id).unwrap(),
                false => market.group("ann", Close, id, 1).unwrap(),
            };
            let closed = market.events_of::<OrderClosed>(&response);
            assert_eq!(closed.len(), if whole { 2 } else { 1 });
            let of = market.deployment(id);
            for (group, order) in of.groups.iter().zip(orders) {
                let ended = group.state == GroupState::Closed;
                assert_eq!(ended, whole || order == orders[0]);
                let open = market.order_of(order).state == OrderState::Open;
                assert_eq!(open, !ended, "no order is open of a group that is closed");
                assert_eq!(market.place("pro", order, 900).is_ok(), open);
            }
        }
    }
}

#[test]
fn what_decides_is_the_account_in_that_second_however_old_its_record_is() {
    // Nobody settles the account from its first second on.
    for (seconds, reason, breach) in [
        (HOUR - 1, CloseReason::Unstable, true),
        (HOUR, CloseReason::InsufficientFunds, false),
        (100 * HOUR, CloseReason::InsufficientFunds, false),
    ] {
        let mut market = Market::new();
        let (_, order) = market.lease_for_an_hour();
        let asked = CloseReason::Unstable;
        market.pass(seconds).provider_closes("pro", order, asked).unwrap();
        assert_eq!(market.lease_of(order).reason, Some(reason), "after {seconds} s");
        assert_eq!(market.stats_of("pro").breaches, u64::from(breach));
    }
}
