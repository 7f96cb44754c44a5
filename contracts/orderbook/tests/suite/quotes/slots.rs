//! A lease by a quote uses a slot of its provider's bond, and lets go of it as one by a bid does.

use souk_api::orderbook::{OrderResponse, QueryMsg};
use souk_core::CloseReason;

use super::*;

#[test]
fn the_lease_uses_a_slot_while_it_runs_and_holds_it_as_long_as_one_by_a_bid() {
    for (ends, free_after, by_release) in [
        (CloseReason::Tenant, HOUR, true),
        (CloseReason::Tenant, HOUR, false),
        (CloseReason::Unstable, DAY, true),
        (CloseReason::Unstable, DAY, false),
    ] {
        let mut market = quoting();
        let (_, order) = leased(&mut market);
        assert_eq!((market.stats_of("pro").used, market.stats_of("pro").won), (1, 1));
        market.release("pro", &[order]);
        market.pass(HOUR);
        match ends {
            CloseReason::Tenant => market.tenant_closes("ann", order).unwrap(),
            reason => market.provider_closes("pro", order, reason).unwrap(),
        };
        market.pass(free_after - 1);
        market.release("pro", &[order]);
        market.prune(&[order]);
        assert_eq!(market.stats_of("pro").used, 1, "{ends}: it is held");
        assert!(market.order_of(order).state == OrderState::Closed);
        market.pass(1);
        if by_release {
            market.release("pro", &[order, order]);
            assert_eq!(market.stats_of("pro").used, 0, "{ends}: it is free");
            market.release("pro", &[order]);
            assert_eq!(market.stats_of("pro").used, 0, "once");
        }
        market.prune(&[order]);
        assert_eq!(market.stats_of("pro").used, 0, "{ends}: a prune lets go of it as well");
        let found: Result<OrderResponse, _> = market.query(&QueryMsg::Order { order });
        assert!(found.is_err());
        market.release("pro", &[order]);
        assert_eq!(market.stats_of("pro").used, 0);
    }
}

#[test]
fn another_does_not_let_go_of_it() {
    let mut market = quoting();
    market.provider("other");
    let (id, order) = leased(&mut market);
    market.pass(HOUR);
    market.close("ann", id).unwrap();
    market.pass(DAY);
    market.release("other", &[order]);
    assert_eq!(market.stats_of("pro").used, 1);
    market.release("pro", &[order]);
    assert_eq!(market.stats_of("pro").used, 0);
}

#[test]
fn a_provider_whose_slots_are_used_up_makes_no_lease() {
    let mut market = quoting();
    let new = deployment(
        &(0..10).map(|at| group(&format!("g{at}"), 1_000)).collect::<Vec<_>>(),
        tenant_choice(),
    );
    let quotes: Vec<_> =
        (0..10).map(|at| market.quote("pro", &market.asked("ann", &new, at), 900)).collect();
    market.create_with_quotes("ann", &new, &quotes, PLENTY).unwrap();
    assert_eq!((market.stats_of("pro").used, market.stats_of("pro").active), (10, 10));
    let new = web();
    let quote = market.quote("pro", &market.asked("ann", &new, 0), 900);
    let error = market.create_with_quotes("ann", &new, &[quote], PLENTY).unwrap_err();
    assert!(matches!(error, ContractError::BondExhausted { used: 10, slots: 10, .. }), "{error}");
}

#[test]
fn the_slot_of_a_bid_on_the_order_becomes_that_of_the_lease() {
    let mut market = quoting();
    // All its slots are used by bids.
    let orders: Vec<_> = (0..10).map(|_| market.order("ann", tenant_choice())).collect();
    for order in &orders {
        market.place("pro", *order, 900).unwrap();
    }
    let quote = market.quote("pro", &market.asked_by(orders[0]), 800);
    market.accept_quote("ann", orders[0], quote).unwrap();
    assert_eq!(market.bids(orders[0]), [], "the bid is gone");
    assert_eq!(market.stats_of("pro").used, 10);
    assert_eq!(market.lease_of(orders[0]).price, price(800));
    market.pass(HOUR);
    market.tenant_closes("ann", orders[0]).unwrap();
    market.pass(HOUR);
    market.release("pro", &orders);
    assert_eq!(market.stats_of("pro").used, 9);
}

#[test]
fn others_bids_on_an_order_that_a_quote_won_are_lost_and_released() {
    let mut market = quoting();
    market.provider("other");
    let order = market.order("ann", tenant_choice());
    market.place("other", order, 700).unwrap();
    let quote = market.quote("pro", &market.asked_by(order), 800);
    market.accept_quote("ann", order, quote).unwrap();
    assert_eq!(market.bid("other", order).state, souk_api::orderbook::BidState::Lost);
    market.release("other", &[order]);
    assert_eq!(market.stats_of("other").used, 0);
    assert_eq!(market.stats_of("pro").used, 1);
}

#[test]
fn a_lease_without_money_lets_go_of_its_slot_with_its_end() {
    let mut market = quoting();
    let new = deployment(&[group("web", MIN_DEPOSIT)], tenant_choice());
    let quote = market.quote("pro", &market.asked("ann", &new, 0), MIN_DEPOSIT);
    let id = market.create_with_quotes("ann", &new, &[quote], MIN_DEPOSIT).unwrap();
    market.pass(2 * HOUR);
    market.close("ann", id).unwrap();
    assert_eq!(market.stats_of("pro").used, 0);
}
