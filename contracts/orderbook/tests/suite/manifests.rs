//! What becomes of a lease whose tenant sent no manifest.

use souk_api::{
    defaults::{self, MANIFEST_TIMEOUT},
    orderbook::{
        ExecuteMsg, GroupState, MANIFEST_WINDOW, MAX_ROUNDS, Reclamation,
        events::{GroupChanged, LeaseClosed, OrderOpened},
    },
};
use souk_core::{
    CloseReason, OrderId,
    time::{DAY, HOUR},
};
use souk_orderbook::ContractError;

use crate::market::*;

const REASON: CloseReason = CloseReason::ManifestTimeout;

#[test]
fn a_tenant_that_sends_no_manifest_does_not_make_its_provider_a_breaker() {
    let mut market = Market::new();
    market.provider("pro");
    let order = market.lease("ann", "pro", 900);
    let id = market.order_of(order).group.deployment;
    let response = market.pass(MANIFEST_TIMEOUT).provider_closes("pro", order, REASON).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.reason, closed.breach, closed.excluded), (REASON, false, None));
    let stats = market.stats_of("pro");
    assert_eq!((stats.breaches, stats.used), (0, 0));
    assert_eq!(stats.closed[4], (REASON, 1), "how often is public");

    assert!(market.events_of::<OrderOpened>(&response).is_empty());
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    let group = &market.deployment(id).groups[0];
    assert_eq!((group.state, group.excluded.len()), (GroupState::Paused, 0));
}

#[test]
fn it_is_the_reason_for_an_hour_from_the_time_in_the_terms_on_and_never_after() {
    let last = MANIFEST_TIMEOUT + MANIFEST_WINDOW;
    for (waited, fine) in [
        (0, false),
        (MANIFEST_TIMEOUT - 1, false),
        (MANIFEST_TIMEOUT, true),
        (last, true),
        (last + 1, false),
        (5 * DAY, false),
    ] {
        let mut market = Market::new();
        market.provider("pro");
        let order = market.lease("ann", "pro", 900);
        let began = market.now();
        let closed = market.pass(waited).provider_closes("pro", order, REASON);
        if fine {
            closed.unwrap();
            continue;
        }
        let (from, until) = (began + MANIFEST_TIMEOUT, began + last);
        let error = ContractError::ManifestWindow { order, from, until, now: market.now() };
        assert_eq!(closed.unwrap_err(), error, "after {waited} s");
        market.provider_closes("pro", order, CloseReason::Unspecified).unwrap();
    }
}

/// A lease of the lowest bidder in a binding auction.
fn won(market: &mut Market, order: OrderId, name: &str) {
    market.place(name, order, 1).unwrap();
    market.lapse(60).close_auction(order, 1).unwrap();
    market.pass(MANIFEST_TIMEOUT);
}

#[test]
fn after_a_binding_auction_the_group_goes_out_again_without_that_winner_ten_times_a_day() {
    let mut market = Market::new();
    let names: Vec<String> = (0..=MAX_ROUNDS + 1).map(|number| format!("p{number}")).collect();
    for name in &names {
        market.provider(name);
    }
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    let (last, rounds) = names[..=usize::from(MAX_ROUNDS)].split_last().unwrap();
    for name in rounds {
        won(&mut market, order, name);
        let response = market.provider_closes(name, order, REASON).unwrap();
        assert_eq!(market.events_of::<LeaseClosed>(&response)[0].excluded, Some(true));
        order = market.events_of::<OrderOpened>(&response)[0].order;
        assert!(market.order_of(order).excluded.contains(&market.who(name).to_string()));
    }
    won(&mut market, order, last);
    let response = market.provider_closes(last, order, REASON).unwrap();
    assert!(market.events_of::<OrderOpened>(&response).is_empty());
    assert_eq!(market.deployment(id).groups[0].state, GroupState::Paused);
}

#[test]
fn rounds_of_another_day_do_not_count() {
    let mut market = Market::new();
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    for round in 0..2 * MAX_ROUNDS {
        let name = format!("p{round}");
        market.provider(&name);
        if round == MAX_ROUNDS {
            // The order of the first day expires in the meantime, unless its auction has bids.
            market.place(&name, order, 1).unwrap();
            market.lapse(DAY).close_auction(order, 1).unwrap();
            market.pass(MANIFEST_TIMEOUT);
        } else {
            won(&mut market, order, &name);
        }
        let response = market.provider_closes(&name, order, REASON).unwrap();
        order = market.events_of::<OrderOpened>(&response)[0].order;
    }
    assert_eq!(market.deployment(id).groups[0].excluded.len(), 16, "the oldest leave");
}

#[test]
fn the_time_for_the_manifest_is_that_of_the_order_whatever_is_set_later() {
    let mut market = Market::new();
    market.provider("pro");
    let before = market.lease("ann", "pro", 900);
    let mut params = defaults::orderbook_params();
    params.manifest_timeout = DAY;
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
    market.send(&market.owner.clone(), &msg).unwrap();
    let after = market.lease("bob", "pro", 900);
    for (order, timeout) in [(before, MANIFEST_TIMEOUT), (after, DAY)] {
        assert_eq!(market.order_of(order).manifest_timeout, timeout);
        assert_eq!(market.lease_of(order).manifest_timeout, timeout);
    }
    market.pass(MANIFEST_TIMEOUT).provider_closes("pro", before, REASON).unwrap();
    let error = market.provider_closes("pro", after, REASON).unwrap_err();
    assert!(matches!(error, ContractError::ManifestWindow { .. }), "{error}");
    market.pass(DAY - MANIFEST_TIMEOUT).provider_closes("pro", after, REASON).unwrap();
}

#[test]
fn want_of_a_manifest_needs_its_own_time_also_when_a_notice_is_over() {
    let mut market = Market::with(|msg| msg.params.manifest_timeout = DAY);
    market.provider("pro");
    let mut new = deployment(&[group("web", 1_000)], tenant_choice());
    new.reclamation = Some(Reclamation { min_window: HOUR });
    let id = market.create("ann", &new, PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, 900).unwrap();
    market.accept("ann", order, "pro", 900).unwrap();
    market.pass(HOUR).start_reclaim("pro", order, CloseReason::Decommission).unwrap();
    market.lapse(HOUR);
    let error = market.provider_closes("pro", order, REASON).unwrap_err();
    assert!(matches!(error, ContractError::ManifestWindow { .. }), "{error}");
    market.end_reclaim("stranger", order).unwrap();
}
