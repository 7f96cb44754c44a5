//! What messages cost, in the chain's prices for storage and calls (computing is small
//! beside them), and that it does not grow with the number of bids.

use cosmwasm_std::coins;
use souk_api::{
    defaults::{DENOM, SLOT_HOLD},
    escrow,
    orderbook::{ExecuteMsg, OrderResponse, QueryMsg},
};
use souk_core::{AccountId, OrderId, time::HOUR};

use crate::market::*;

/// Gas by which figures may differ because a number has more digits.
const DIGITS: u64 = 1_000;

/// Akash's whole cycle with 20 bids.
const AKASH_CYCLE: u64 = 4_700_000;

fn crowd(market: &mut Market, count: usize) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|n| format!("p{n:03}")).collect();
    for name in &names {
        market.provider(name);
    }
    names
}

fn bid(market: &mut Market, name: &str, order: OrderId, units: u128) -> u64 {
    market.cost(|market| market.place(name, order, units).unwrap())
}

#[test]
fn a_bid_costs_the_same_with_no_other_bids_and_with_many() {
    let mut market = Market::new();
    let names = crowd(&mut market, 200);
    let order = market.order("ann", tenant_choice());
    let costs: Vec<u64> =
        names.iter().zip(500..).map(|(name, units)| bid(&mut market, name, order, units)).collect();
    let (least, most) = (costs.iter().min().unwrap(), costs.iter().max().unwrap());
    assert!(most - least < DIGITS, "from {least} to {most}");
    assert!(*most < 150_000, "{most}");
}

#[test]
fn an_accept_costs_the_same_with_one_loser_and_with_two_hundred() {
    let mut market = Market::new();
    let names = crowd(&mut market, 201);
    let costs = [2, 201].map(|count| {
        let order = market.order("ann", tenant_choice());
        for name in &names[..count] {
            market.place(name, order, 500).unwrap();
        }
        market.cost(|market| market.accept("ann", order, "p000", 500).unwrap())
    });
    assert!(costs[1].abs_diff(costs[0]) < DIGITS, "{costs:?}");
}

#[test]
fn an_auction_closes_at_the_same_cost_with_two_bids_and_with_two_hundred() {
    let mut market = Market::new();
    let names = crowd(&mut market, 200);
    let costs = [2, 200].map(|count| {
        let order = market.order("ann", lowest_price(300));
        for name in &names[..count] {
            market.place(name, order, 500).unwrap();
        }
        market.lapse(600);
        market.cost(|market| market.close_auction(order, 1).unwrap())
    });
    assert!(costs[1].abs_diff(costs[0]) < DIGITS, "{costs:?}");
}

/// Gas of a deployment's whole life with `bids` bids: created, bid for, accepted, paid,
/// closed, refunded, released and pruned. As agents do, each provider releases its lost bids
/// ten at a time, and orders are pruned ten at a time; so ten lives are led and a tenth is
/// given.
fn cycle(bids: usize) -> u64 {
    let mut market = Market::new();
    let names = crowd(&mut market, bids);
    // The first deployment of all learns the escrow's link once.
    market.order("first", tenant_choice());
    let ann = market.who("ann");
    let new = deployment(&[group("web", 1_000)], tenant_choice());
    let create = ExecuteMsg::CreateDeployment(new);
    let orders: Vec<OrderId> = (2..12).map(OrderId).collect();
    let mut sum = 0;
    for order in &orders {
        let funds = coins(PLENTY, DENOM);
        sum += market.cost(|market| market.pay(&ann, &create, &funds).unwrap());
        for name in &names {
            sum += bid(&mut market, name, *order, 500);
        }
        sum += market.cost(|market| market.accept("ann", *order, "p000", 500).unwrap());
    }
    market.pass(SLOT_HOLD + HOUR);
    let (anyone, to) = (market.who("anyone"), market.escrow.clone());
    for order in &orders {
        let id = market.order_of(*order).group.deployment;
        let account = AccountId(id.0);
        let withdraw = escrow::ExecuteMsg::Withdraw { account, stream: order.0 };
        sum += market.cost(|market| market.call(&anyone, &to, &withdraw, 0).unwrap());
        sum += market.cost(|market| market.close("ann", id).unwrap());
        let claim = escrow::ExecuteMsg::ClaimRefund { account, deposit: None };
        sum += market.cost(|market| market.call(&anyone, &to, &claim, 0).unwrap());
    }
    for name in &names {
        sum += market.cost(|market| market.release(name, &orders));
    }
    sum += market.cost(|market| market.prune(&orders));
    assert!(orders.iter().all(|order| market.query::<OrderResponse>(&ask(*order)).is_err()));
    sum / 10
}

fn ask(order: OrderId) -> QueryMsg {
    QueryMsg::Order { order }
}

#[test]
fn a_whole_cycle_with_twenty_bids_is_cheaper_than_on_akash() {
    let gas = cycle(20);
    assert!(gas < AKASH_CYCLE, "{gas}");
}

#[test]
fn a_cycle_grows_by_its_bids_alone() {
    let [few, more, most] = [5, 10, 20].map(cycle);
    let (each, later) = ((more - few) / 5, (most - more) / 10);
    assert!(each.abs_diff(later) < DIGITS, "{each} and {later} for a bid");
}
