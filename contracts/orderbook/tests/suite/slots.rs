//! How a provider's slots are used and freed.

use souk_api::{
    defaults::{MIN_DEPOSIT, SLOT_HOLD},
    orderbook::{BidState, ExecuteMsg, events::BidsReleased},
};
use souk_contract_std::CommonError;
use souk_core::{CloseReason, OrderId, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

#[test]
fn a_loser_of_an_auction_can_bid_elsewhere_after_release() {
    let mut market = Market::new();
    for name in ["win", "lose"] {
        market.provider(name);
    }
    let mut orders = Vec::new();
    for _ in 0..10 {
        let order = market.order("ann", tenant_choice());
        market.place("lose", order, 900).unwrap();
        orders.push(order);
    }
    let lost = orders[4];
    market.place("win", lost, 500).unwrap();
    market.accept("ann", lost, "win", 500).unwrap();
    let next = market.order("bob", tenant_choice());
    assert!(matches!(
        market.place("lose", next, 900).unwrap_err(),
        ContractError::BondExhausted { used: 10, slots: 10, .. }
    ));
    let response = market.release("lose", &orders);
    let event = BidsReleased { provider: market.who("lose").into(), count: 1 };
    assert_eq!(market.events_of::<BidsReleased>(&response), [event]);
    market.place("lose", next, 900).unwrap();
}

#[test]
fn release_skips_open_bids_winners_strangers_and_doubles() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let open = market.order("ann", tenant_choice());
    market.place("pro", open, 900).unwrap();
    let won = market.lease("ann", "pro", 900);
    let lost = market.order("ann", tenant_choice());
    market.place("pro", lost, 900).unwrap();
    market.place("other", lost, 900).unwrap();
    market.accept("ann", lost, "other", 900).unwrap();
    let response = market.release("pro", &[open, won, lost, lost, OrderId(99), lost, open]);
    assert_eq!(market.events_of::<BidsReleased>(&response)[0].count, 1);
    assert_eq!(market.stats_of("pro").used, 2);
    let response = market.release("pro", &[open, won, lost]);
    assert!(market.events_of::<BidsReleased>(&response).is_empty(), "nothing is freed twice");
    assert_eq!(market.stats_of("pro").used, 2);
    assert_eq!(market.bid("pro", won).state, BidState::Active);
}

#[test]
fn a_bid_on_an_order_past_its_end_is_released_even_if_nobody_recorded_the_end() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.order("ann", tenant_choice());
    market.place("pro", order, 900).unwrap();
    let last = market.order_of(order).expires_at - market.now();
    market.pass(last).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 1, "in the last second it may still be accepted");
    market.pass(1).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn after_a_providers_close_the_slot_is_used_for_a_day_from_the_end() {
    for runs in [0, 3 * SLOT_HOLD] {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.lease("ann", "pro", 900);
        market.pass(runs).provider_closes("pro", order, CloseReason::Unstable).unwrap();
        for (wait, used) in [(0, 1), (SLOT_HOLD - 1, 1), (1, 0)] {
            market.pass(wait).release("pro", &[order]);
            assert_eq!(market.stats_of("pro").used, used, "after {runs} s and {wait} s more");
        }
    }
}

#[test]
fn after_a_tenants_end_the_slot_is_used_for_as_long_again_until_a_day_after_its_beginning() {
    let half = SLOT_HOLD / 2;
    for (runs, holds) in [(1, 1), (300, 300), (half, half), (half + 60, half - 60)] {
        for whole in [false, true] {
            let mut market = Market::new();
            market.provider("pro");
            let order = market.lease("ann", "pro", 900);
            market.pass(runs);
            if whole {
                let id = market.order_of(order).group.deployment;
                market.close("ann", id).unwrap();
            } else {
                market.tenant_closes("ann", order).unwrap();
            }
            for (wait, used) in [(holds - 1, 1), (1, 0)] {
                market.pass(wait).release("pro", &[order]);
                assert_eq!(market.stats_of("pro").used, used, "after {runs} s and {wait} s more");
            }
        }
    }
}

#[test]
fn a_lease_that_its_tenant_ends_in_the_second_of_its_beginning_uses_no_slot() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.tenant_closes("ann", order).unwrap();
    assert_eq!(market.stats_of("pro").used, 0);
    assert!(market.bids(order).is_empty());
}

#[test]
fn a_rival_that_pays_for_five_minutes_keeps_a_provider_busy_for_ten() {
    let mut market = Market::new();
    market.provider("pro");
    let price = 100_000; // a tenth of a SOUK an hour
    let mut orders = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..10 {
        let new = deployment(&[group("web", price)], tenant_choice());
        let id = market.create("rival", &new, MIN_DEPOSIT).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, price).unwrap();
        market.accept("rival", order, "pro", price).unwrap();
        orders.push(order);
        ids.push(id);
    }
    market.pass(300);
    for id in &ids {
        market.close("rival", *id).unwrap();
    }
    market.pass(299).release("pro", &orders);
    assert_eq!(market.stats_of("pro").used, 10);
    market.pass(1).release("pro", &orders);
    assert_eq!(market.stats_of("pro").used, 0);
    let honest = market.order("ann", tenant_choice());
    market.place("pro", honest, 900).unwrap();
}

#[test]
fn a_lease_that_ends_without_money_or_without_a_manifest_lets_go_of_its_slot_at_once() {
    let mut market = Market::new();
    let (_, order) = market.lease_for_an_hour();
    market.pass(HOUR).provider_closes("pro", order, CloseReason::Unstable).unwrap();
    assert_eq!(market.lease_of(order).reason, Some(CloseReason::InsufficientFunds));
    assert_eq!(market.stats_of("pro").used, 0);

    let order = market.lease("bob", "pro", 900);
    market.pass(HOUR).provider_closes("pro", order, CloseReason::ManifestTimeout).unwrap();
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn a_lease_that_ends_after_its_first_day_frees_its_slot_at_once() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.pass(SLOT_HOLD).tenant_closes("ann", order).unwrap();
    assert_eq!(market.stats_of("pro").used, 0);
    assert!(market.bids(order).is_empty());
}

#[test]
fn a_running_lease_keeps_its_slot_however_old_it_is() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.pass(30 * SLOT_HOLD).release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 1);
}

#[test]
fn a_slashed_provider_keeps_what_it_uses_and_gets_nothing_new() {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    market.slash(&pro, 10 * SLOT);
    let next = market.order("ann", tenant_choice());
    let error = ContractError::BondExhausted { used: 1, slots: 0, bond: amount(0) };
    assert_eq!(market.place("pro", next, 900).unwrap_err(), error);
    market.provider_closes("pro", order, CloseReason::Decommission).unwrap();
}

#[test]
fn fifty_orders_are_released_at_once_and_no_more() {
    let mut market = Market::new();
    market.provider("pro");
    let provider = market.who("pro").to_string();
    let orders: Vec<_> = (1..=51).map(OrderId).collect();
    let msg = ExecuteMsg::ReleaseBids { provider: provider.clone(), orders: orders.clone() };
    let error = ContractError::from(CommonError::TooMany { what: "orders", count: 51, max: 50 });
    let anyone = market.who("anyone");
    assert_eq!(market.send(&anyone, &msg).unwrap_err(), error);
    let msg = ExecuteMsg::ReleaseBids { provider, orders: orders[..50].to_vec() };
    assert!(market.send(&anyone, &msg).is_ok());
}
