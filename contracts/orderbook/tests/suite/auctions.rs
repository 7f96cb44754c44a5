//! What holds in a `lowest_price` auction: it binds both sides and decides by itself.

mod pauses;

use souk_api::{
    defaults::{self, MIN_DEPOSIT, ORDER_LIFETIME, SLOWEST_BLOCK},
    orderbook::{
        BidState, ExecuteMsg, GroupState, OrderState, Params,
        events::{
            AuctionExtended, BidDisqualified, GroupChanged, LeaseCreated, OrderClosed, OrderOpened,
        },
    },
};
use souk_contract_std::{CommonError, pause};
use souk_core::{
    CloseReason, DeploymentId, GroupSpec, OrderId,
    time::{DAY, HOUR, WEEK},
};
use souk_orderbook::ContractError;

use crate::market::*;

/// An auction of five minutes by `ann`, with providers of these names.
fn auction(names: &[&str]) -> (Market, OrderId) {
    let mut market = Market::new();
    for name in names {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(300));
    (market, order)
}

fn over(market: &mut Market) -> &mut Market {
    market.lapse(300)
}

fn winner(market: &Market, order: OrderId) -> String {
    market.lease_of(order).provider
}

#[test]
fn the_lowest_bid_wins_at_its_price() {
    let (mut market, order) = auction(&["a", "b", "c"]);
    for (name, units) in [("a", 500), ("b", 400), ("c", 450)] {
        market.place(name, order, units).unwrap();
    }
    let response = over(&mut market).close_auction(order, 1).unwrap();
    assert_eq!(market.events_of::<LeaseCreated>(&response)[0].price, price(400));
    assert_eq!(winner(&market, order), market.who("b").to_string());
    let id = market.order_of(order).group.deployment;
    let account = market.account(id);
    assert_eq!((account.clock.rate.u128(), account.reserved.u128()), (400, 0));
    assert_eq!(market.bid("a", order).state, BidState::Lost);
}

#[test]
fn ties_go_to_the_earlier_bid() {
    let (mut market, order) = auction(&["a", "b", "c"]);
    market.place("a", order, 500).unwrap();
    market.place("b", order, 400).unwrap();
    market.place("c", order, 400).unwrap();
    market.lower("a", order, 400).unwrap();
    over(&mut market).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn it_binds_the_bidders_and_the_tenant() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    let binds = ContractError::AuctionBinds(order);
    assert_eq!(market.withdraw("a", order).unwrap_err(), binds);
    assert_eq!(market.accept("ann", order, "a", 500).unwrap_err(), binds);
    over(&mut market);
    assert_eq!(market.withdraw("a", order).unwrap_err(), binds);
    assert_eq!(market.accept("ann", order, "a", 500).unwrap_err(), binds);
}

#[test]
fn it_takes_no_bids_after_the_close_and_none_before_decide() {
    let (mut market, order) = auction(&["a", "b"]);
    market.place("a", order, 500).unwrap();
    let closed_at = market.now() + 300;
    market.lapse(299);
    assert!(matches!(
        market.close_auction(order, 1).unwrap_err(),
        ContractError::AuctionRuns { closes_at, .. } if closes_at == closed_at
    ));
    market.pass(1);
    let error = ContractError::AuctionOver { order, closed_at };
    assert_eq!(market.place("b", order, 100).unwrap_err(), error);
    assert_eq!(market.lower("a", order, 100).unwrap_err(), error);
    assert_eq!(market.ineligible("b", order), Some(error.to_string()));
    market.close_auction(order, 1).unwrap();
}

#[test]
fn it_stays_open_for_as_many_blocks_as_a_slow_chain_makes_in_its_time_and_in_each_extension() {
    let (mut market, order) = auction(&["a", "b"]);
    market.place("a", order, 500).unwrap();
    let began = market.app.block_info().height;
    let blocks = (300 * 1_000_u64).div_ceil(SLOWEST_BLOCK);
    assert_eq!(market.order_of(order).closes_at_block, Some(began + blocks));
    market.blocks(blocks - 1, HOUR);
    assert!(matches!(
        market.close_auction(order, 1).unwrap_err(),
        ContractError::AuctionRuns { closes_at_block, .. } if closes_at_block == began + blocks
    ));
    market.place("b", order, 400).unwrap();
    let shown = market.order_of(order);
    assert_eq!(shown.closes_at, Some(market.now() + 60), "others get a minute to answer");
    let blocks = 60_000_u64.div_ceil(SLOWEST_BLOCK);
    let height = market.app.block_info().height;
    assert_eq!(shown.closes_at_block, Some(height + blocks), "and the blocks of one");
    let error = market.blocks(blocks - 1, HOUR).close_auction(order, 1).unwrap_err();
    assert!(matches!(error, ContractError::AuctionRuns { .. }), "{error}");
    market.blocks(1, 1).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn a_new_lowest_bid_in_the_last_minute_extends_it_by_a_minute() {
    let (mut market, order) = auction(&["a", "b", "c"]);
    let end = market.order_of(order).closes_at.unwrap();
    market.place("a", order, 500).unwrap();
    market.lapse(250);
    market.place("b", order, 500).unwrap();
    assert_eq!(market.order_of(order).closes_at, Some(end), "a tie is not a new lowest");
    let response = market.place("c", order, 499).unwrap();
    let event = |market: &Market, closes_at| {
        let closes_at_block = market.order_of(order).closes_at_block;
        AuctionExtended { order, closes_at, closes_at_block }
    };
    assert_eq!(market.events_of::<AuctionExtended>(&response), [event(&market, end + 60)]);
    assert_eq!(market.order_of(order).closes_at, Some(end + 60));
    market.pass(109);
    let response = market.lower("a", order, 400).unwrap();
    assert_eq!(market.events_of::<AuctionExtended>(&response), [event(&market, end + 120)]);
}

#[test]
fn it_is_extended_ten_times_at_most() {
    let (mut market, order) = auction(&["a"]);
    let end = market.order_of(order).closes_at.unwrap();
    market.place("a", order, 1_000).unwrap();
    market.lapse(299);
    for round in 1..=12u64 {
        market.lower("a", order, 1_000 - 50 * u128::from(round)).unwrap();
        let expected = end + 60 * round.min(10);
        assert_eq!(market.order_of(order).closes_at, Some(expected));
        market.pass(if round < 10 { 60 } else { 1 });
    }
}

#[test]
fn a_halted_chain_decides_no_auction() {
    let mut market = Market::new();
    for name in ["first", "better"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(HOUR));
    market.place("first", order, 900).unwrap();
    market.lapse(1_800);
    // The chain stands still for 35 minutes; bidders had 30 more.
    market.pass(2_100);
    market.place("better", order, 500).unwrap();
    let error = market.close_auction(order, 1).unwrap_err();
    assert!(matches!(error, ContractError::AuctionRuns { .. }), "{error}");
    market.lapse(900).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("better").to_string());
}

#[test]
fn an_auction_of_the_first_release_keeps_its_block_and_is_closed() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    let mut key = vec![0, 1, b'o'];
    key.extend(order.0.to_be_bytes());
    let orderbook = market.orderbook.clone();
    let text = String::from_utf8(market.storage()[&key].clone()).unwrap();
    let block = market.order_of(order).closes_at_block.unwrap();
    let old = text.replace(&format!(r#""b":{block}"#), r#""b":3"#);
    assert_ne!(old, text);
    market.app.contract_storage_mut(&orderbook).set(&key, old.as_bytes());
    market.pass(300).close_auction(order, 1).unwrap();
}

#[test]
fn bids_while_many_blocks_are_still_to_come_use_up_no_extension() {
    let (mut market, order) = auction(&["a", "b"]);
    let block = market.order_of(order).closes_at_block;
    market.place("a", order, 900).unwrap();
    market.pass(HOUR);
    for round in 1..=20 {
        market.lower("a", order, 900 - 20 * round).unwrap();
    }
    assert_eq!(market.order_of(order).closes_at_block, block, "there is time enough");
    // A bid in the last block gives others their minute.
    let left = block.unwrap() - market.app.block_info().height;
    market.blocks(left - 1, 60).lower("a", order, 400).unwrap();
    market.pass(59).place("b", order, 300).unwrap();
    market.lapse(61).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn disqualified_bids_are_deleted_for_good_and_the_next_one_wins() {
    let mut market = Market::new();
    for name in ["left", "slashed", "good"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(300));
    market.place("left", order, 100).unwrap();
    market.place("slashed", order, 200).unwrap();
    market.place("good", order, 300).unwrap();
    let (left, slashed) = (market.who("left"), market.who("slashed"));
    market.deregister(&left);
    market.slash(&slashed, 1);
    let response = over(&mut market).close_auction(order, 50).unwrap();
    let gone = market.events_of::<BidDisqualified>(&response);
    let names: Vec<_> = gone.iter().map(|gone| gone.provider.clone()).collect();
    assert_eq!(names, [left.to_string(), slashed.to_string()]);
    assert_eq!(winner(&market, order), market.who("good").to_string());
    assert_eq!(market.bids(order).len(), 1);
    assert_eq!((market.stats_of("left").used, market.stats_of("slashed").used), (0, 0));
}

#[test]
fn a_bond_that_unbonds_still_backs_a_bid() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    let msg = souk_api::registry::ExecuteMsg::Unbond { amount: amount(10 * SLOT) };
    let (a, registry) = (market.who("a"), market.registry.clone());
    // A provider keeps the least bond or leaves, so top it up first.
    market.call(&a, &registry, &souk_api::registry::ExecuteMsg::Bond {}, 10 * SLOT).unwrap();
    market.call(&a, &registry, &msg, 0).unwrap();
    over(&mut market).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), a.to_string());
}

#[test]
fn a_close_stops_at_its_limit_and_the_next_one_goes_on() {
    let names: Vec<String> = (0..6).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (mut market, order) = auction(&names);
    for (name, units) in names.iter().zip(100..) {
        market.place(name, order, units).unwrap();
    }
    for name in &names[..5] {
        let provider = market.who(name);
        market.slash(&provider, 1);
    }
    over(&mut market);
    for left in [4, 2] {
        market.close_auction(order, 2).unwrap();
        assert_eq!(market.order_of(order).state, OrderState::Open);
        assert_eq!(market.bids(order).len(), left);
    }
    market.close_auction(order, 2).unwrap();
    assert_eq!(winner(&market, order), market.who("p5").to_string());
}

#[test]
fn a_limit_is_one_to_fifty() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    over(&mut market);
    for limit in [0, 51, u32::MAX] {
        let error = ContractError::LimitRange { limit, max: 50 };
        assert_eq!(market.close_auction(order, limit).unwrap_err(), error);
    }
}

#[test]
fn without_a_bid_that_counts_the_order_ends_and_its_group_pauses() {
    let (mut market, order) = auction(&["a"]);
    let id = market.order_of(order).group.deployment;
    let response = over(&mut market).close_auction(order, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "no_bids");
    assert_eq!(market.events_of::<GroupChanged>(&response)[0].state, GroupState::Paused);
    let group = &market.deployment(id).groups[0];
    assert_eq!((group.state, group.order_state), (GroupState::Paused, OrderState::Closed));
    assert_eq!(market.account(id).reserved.u128(), 0, "the reserve is let go");
    assert!(market.close_auction(order, 1).is_err());
}

/// A market with a provider `a`, and a deployment of auctions whose first one became a lease at 1,000,000 an
/// hour, an hour ago: it spent what was above `left` and its own next hour.
fn spent(left: u128, others: &[GroupSpec]) -> (Market, DeploymentId) {
    let mut market = Market::new();
    for name in ["a", "first"] {
        market.provider(name);
    }
    let groups = [&[group("first", 1_000_000)], others].concat();
    let new = deployment(&groups, lowest_price(300));
    let id = market.create("ann", &new, left + 2_000_000).unwrap();
    let orders: Vec<_> = market.deployment(id).groups.iter().map(|group| group.order).collect();
    market.place("first", orders[0], 1_000_000).unwrap();
    for order in &orders[1..] {
        market.place("a", *order, 600_000).unwrap();
    }
    over(&mut market).close_auction(orders[0], 1).unwrap();
    market.pass(HOUR);
    (market, id)
}

/// An auction whose account has `left` beside what carries its lease, and a bid of 600,000 an hour.
fn poor(left: u128) -> (Market, DeploymentId, OrderId) {
    let (market, id) = spent(left, &[group("web", 1_000_000)]);
    let order = market.deployment(id).groups[1].order;
    (market, id, order)
}

#[test]
fn an_account_that_cannot_carry_the_winner_ends_the_order() {
    let (mut market, id, order) = poor(MIN_DEPOSIT);
    let response = market.close_auction(order, 1).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "insufficient_funds");
    let group = &market.deployment(id).groups[1];
    assert_eq!(group.state, GroupState::InsufficientFunds);
    assert_eq!(market.account(id).reserved.u128(), 0);
    market.release("a", &[order]);
    assert_eq!(market.stats_of("a").used, 0);
}

#[test]
fn the_orderbook_judges_the_runway_as_the_escrow_does() {
    for (left, funded) in [(599_999, false), (600_000, true)] {
        let (mut market, _, order) = poor(left);
        market.close_auction(order, 1).unwrap();
        assert_eq!(market.order_of(order).state == OrderState::Active, funded, "{left}");
    }
}

#[test]
fn an_auction_leaves_room_for_the_ceilings_of_the_others() {
    let groups = [group("web", 800_000), group("db", 800_000)];
    // An hour of the bid of 600,000 and of the other's ceiling.
    for (left, funded) in [(1_399_999, false), (1_400_000, true)] {
        let (mut market, id) = spent(left, &groups);
        let order = market.deployment(id).groups[1].order;
        market.close_auction(order, 1).unwrap();
        assert_eq!(market.order_of(order).state == OrderState::Active, funded, "{left}");
        assert_eq!(market.account(id).reserved.u128(), 800_000, "of the other alone");
    }
}

#[test]
fn a_tenants_choice_is_no_auction_to_close() {
    let mut market = Market::new();
    let order = market.order("ann", tenant_choice());
    let error = ContractError::NoAuction(order);
    assert_eq!(over(&mut market).close_auction(order, 1).unwrap_err(), error);
}

#[test]
fn an_auction_with_bids_does_not_expire_and_one_without_does() {
    let (mut market, with) = auction(&["a"]);
    market.place("a", with, 500).unwrap();
    let without = market.order("ann", lowest_price(300));
    market.lapse(ORDER_LIFETIME + 1);
    let expires_at = market.order_of(with).expires_at + DAY;
    let error = ContractError::AuctionHasBids { order: with, expires_at };
    assert_eq!(market.expire(with).unwrap_err(), error);
    market.release("a", &[with]);
    assert_eq!(market.bids(with).len(), 1, "a binding bid is not released before the close");
    let response = market.expire(without).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
    market.close_auction(with, 1).unwrap();
    assert_eq!(winner(&market, with), market.who("a").to_string());
}

#[test]
fn a_tenant_may_end_the_deployment_while_it_runs() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    let id = market.order_of(order).group.deployment;
    let response = market.close("ann", id).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "deployment_closed");
    assert!(over(&mut market).close_auction(order, 1).is_err());
    market.release("a", &[order]);
    assert_eq!(market.stats_of("a").used, 0);
}
