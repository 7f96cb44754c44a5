//! How often a group is put out again within a day, and what does not count.

use souk_api::orderbook::events::OrderOpened;
use souk_api::orderbook::{FIRST_MANIFEST_TIMEOUT, GroupState, MAX_ROUNDS, MAX_STARTS};
use souk_core::CloseReason;
use souk_core::time::{DAY, HOUR};
use souk_orderbook::ContractError;

use super::{first, leased, state};
use crate::market::{GroupAction::*, *};

#[test]
fn a_group_is_started_ten_times_within_a_day_at_most() {
    let mut market = Market::new();
    market.provider("pro");
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    let began = market.now();
    for _ in 0..MAX_STARTS {
        // The tenant looks who wins, leaves it there and asks again, in one block.
        market.place("pro", order, 900).unwrap();
        market.lapse(60).close_auction(order, 1).unwrap();
        market.group("ann", Pause, id, 1).unwrap();
        market.group("ann", Start, id, 1).unwrap();
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(market.deployment(id).groups[0].starts, u32::from(MAX_STARTS));
    market.group("ann", Pause, id, 1).unwrap();
    let from = began + 60 + DAY;
    let error = ContractError::StartsUsedUp { group: first(id), max: MAX_STARTS, from };
    assert_eq!(market.group("ann", Start, id, 1).unwrap_err(), error);
    let left = from - market.now();
    assert_eq!(market.pass(left - 1).group("ann", Start, id, 1).unwrap_err(), error);
    market.pass(1).group("ann", Start, id, 1).unwrap();
    market.group("ann", Pause, id, 1).unwrap();
    let from = from + 60;
    let error = ContractError::StartsUsedUp { group: first(id), max: MAX_STARTS, from };
    assert_eq!(
        market.group("ann", Start, id, 1).unwrap_err(),
        error,
        "the second's day is not over"
    );
}

#[test]
fn a_tenants_closes_put_a_group_out_again_as_often_as_starts_would() {
    let mut market = Market::new();
    market.provider("pro");
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    let mut closed = |market: &mut Market| {
        market.place("pro", order, 900).unwrap();
        market.lapse(60).close_auction(order, 1).unwrap();
        let response = market.tenant_closes("ann", order).unwrap();
        order = market.deployment(id).groups[0].order;
        market.events_of::<OrderOpened>(&response).len()
    };
    for _ in 0..MAX_STARTS {
        assert_eq!(closed(&mut market), 1);
    }
    assert_eq!(closed(&mut market), 0, "the close itself is never refused");
    assert_eq!(state(&market, id), GroupState::Paused);
    let error = market.group("ann", Start, id, 1).unwrap_err();
    assert!(matches!(error, ContractError::StartsUsedUp { .. }), "{error}");
    market.pass(DAY).group("ann", Start, id, 1).unwrap();
}

#[test]
fn strangers_that_win_and_leave_do_not_stop_a_group_over_the_days_of_its_life() {
    let mut market = Market::new();
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    // Five minutes into the lease, or later: four of them ended a group once, over whatever time.
    for (round, waits) in [300, HOUR, 3 * HOUR, 300, 4 * HOUR, 300, 300, DAY].iter().enumerate() {
        let name = format!("s{round}");
        market.provider(&name);
        market.place(&name, order, 1).unwrap();
        market.lapse(60).close_auction(order, 1).unwrap();
        market.pass(*waits).provider_closes(&name, order, CloseReason::Unspecified).unwrap();
        assert_eq!(market.stats_of(&name).breaches, 1);
        assert_eq!(state(&market, id), GroupState::Open, "round {round}");
        order = market.deployment(id).groups[0].order;
    }
}

#[test]
fn within_no_day_is_a_group_turned_over_more_than_ten_times() {
    let mut market = Market::new();
    let mut order = market.order("ann", tenant_choice());
    let id = market.order_of(order).group.deployment;
    let mut turn = |market: &mut Market, round: u8| {
        let name = format!("s{round}");
        market.provider(&name);
        market.place(&name, order, 900).unwrap();
        market.accept("ann", order, &name, 900).unwrap();
        market.pass(10).provider_closes(&name, order, CloseReason::Unspecified).unwrap();
        order = market.deployment(id).groups[0].order;
        state(market, id)
    };
    assert_eq!(turn(&mut market, 0), GroupState::Open);
    // Nine at the end of the first one's day, and more right after it: all within minutes.
    market.pass(DAY - 100);
    for round in 1..MAX_ROUNDS {
        assert_eq!(turn(&mut market, round), GroupState::Open, "round {round}");
    }
    market.pass(10);
    assert_eq!(market.deployment(id).groups[0].rounds, 9, "the first is a day ago");
    assert_eq!(turn(&mut market, MAX_ROUNDS), GroupState::Open);
    assert_eq!(market.deployment(id).groups[0].rounds, 10);
    assert_eq!(turn(&mut market, MAX_ROUNDS + 1), GroupState::Paused);
}

#[test]
fn accomplices_that_win_and_leave_at_once_do_not_end_a_group() {
    let mut market = Market::new();
    let names: Vec<String> = (0..=MAX_ROUNDS).map(|number| format!("s{number}")).collect();
    let mut order = market.order("ann", lowest_price(60));
    let id = market.order_of(order).group.deployment;
    for (round, name) in names.iter().enumerate() {
        assert_eq!(state(&market, id), GroupState::Open, "round {round}");
        market.provider(name);
        market.place(name, order, 1).unwrap();
        market.lapse(60).close_auction(order, 1).unwrap();
        market.pass(299).provider_closes(name, order, CloseReason::Unspecified).unwrap();
        assert_eq!(market.stats_of(name).breaches, 1, "a breach it is all the same");
        order = market.deployment(id).groups[0].order;
    }
    assert_eq!(state(&market, id), GroupState::Paused, "ten rounds in a day are enough");
    market.end_deployment(id).unwrap();
    market.lapse(20 * DAY);
    assert!(market.end_deployment(id).is_err(), "nobody ends it in a hurry");
    market.group("ann", Start, id, 1).unwrap();
    market.provider("honest");
    let order = market.deployment(id).groups[0].order;
    market.place("honest", order, 900).unwrap();
}

#[test]
fn providers_that_win_and_leave_use_up_no_start_of_the_tenants() {
    for auction in [tenant_choice(), lowest_price(60)] {
        let mut market = Market::new();
        let mut order = market.order("ann", auction);
        let id = market.order_of(order).group.deployment;
        for round in 0..3 * MAX_STARTS {
            let name = format!("s{round}");
            market.provider(&name);
            market.place(&name, order, 1).unwrap();
            if auction == tenant_choice() {
                market.accept("ann", order, &name, 1).unwrap();
            } else {
                market.lapse(60).close_auction(order, 1).unwrap();
            }
            market.pass(FIRST_MANIFEST_TIMEOUT);
            market.provider_closes(&name, order, CloseReason::ManifestTimeout).unwrap();
            if state(&market, id) == GroupState::Paused {
                market.group("ann", Start, id, 1).unwrap();
            }
            order = market.deployment(id).groups[0].order;
        }
        let starts = market.deployment(id).groups[0].starts;
        assert!(starts <= 1, "{starts}");
    }
}

#[test]
fn what_a_tenant_paid_for_before_it_ended_it_uses_up_no_start() {
    for (lasts, excludes, most) in [
        (FIRST_MANIFEST_TIMEOUT, false, 1),
        (FIRST_MANIFEST_TIMEOUT, true, 1),
        (FIRST_MANIFEST_TIMEOUT - 1, false, MAX_STARTS),
    ] {
        let mut market = Market::new();
        let mut order = market.order("ann", tenant_choice());
        let id = market.order_of(order).group.deployment;
        for round in 0..MAX_STARTS {
            let name = format!("s{round}");
            market.provider(&name);
            market.place(&name, order, 1).unwrap();
            market.accept("ann", order, &name, 1).unwrap();
            market.pass(lasts);
            match excludes {
                true => market.tenant_excludes("ann", order).unwrap(),
                false => market.tenant_closes("ann", order).unwrap(),
            };
            order = market.deployment(id).groups[0].order;
        }
        assert_eq!(market.deployment(id).groups[0].starts, u32::from(most), "{lasts} s");
    }
}

#[test]
fn a_pause_of_what_was_paid_for_takes_its_start_back() {
    for (lasts, starts) in [(FIRST_MANIFEST_TIMEOUT - 1, 1), (FIRST_MANIFEST_TIMEOUT, 0)] {
        let (mut market, id, _) = leased();
        market.group("ann", Pause, id, 1).unwrap();
        market.group("ann", Start, id, 1).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, 900).unwrap();
        market.accept("ann", order, "pro", 900).unwrap();
        market.pass(lasts).group("ann", Pause, id, 1).unwrap();
        assert_eq!(market.deployment(id).groups[0].starts, starts);
    }
}
