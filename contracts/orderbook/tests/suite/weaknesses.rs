//! Known weaknesses, each as a test that passes while it is there. What mends one turns its test round:
//! the attack is refused, or costs what it should.

use souk_api::{escrow, orderbook::ExecuteMsg};
use souk_core::{AccountId, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

/// I: a halt that covers an auction's end decides it.
#[test]
fn poc_i_a_halted_chain_decides_an_auction() {
    let mut market = Market::new();
    for name in ["first", "better"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(HOUR));
    market.place("first", order, 900).unwrap();
    market.blocks(600, 1_800);
    // The chain stands still for 35 minutes; bidders had 30 more.
    market.pass(2_100);
    assert!(matches!(
        market.place("better", order, 500).unwrap_err(),
        ContractError::AuctionOver { .. }
    ));
    market.close_auction(order, 1).unwrap();
    assert_eq!(market.lease_of(order).provider, market.who("first").to_string());
}

/// S: a delegate ("everyday actions, never money") turns the deposit into its own provider's income.
#[test]
fn poc_s_a_delegate_lets_the_deposit_flow_to_its_own_provider_at_the_ceiling() {
    let mut market = Market::new();
    market.provider("good");
    market.provider("thief");
    let mut new = deployment(&[group("web", 10_000_000)], tenant_choice());
    let key = market.who("delegate");
    new.delegate = Some(key.to_string());
    let id = market.create("ann", &new, 100_000_000).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("good", order, 100).unwrap();
    market.accept("ann", order, "good", 100).unwrap();
    market.send(&key, &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("thief", order, 10_000_000).unwrap();
    market.accept("delegate", order, "thief", 10_000_000).unwrap();
    market.pass(10 * HOUR);
    let (escrow, anyone) = (market.escrow.clone(), market.who("anyone"));
    let take = escrow::ExecuteMsg::Withdraw { account: AccountId(id.0), stream: order.0 };
    market.call(&anyone, &escrow, &take, 0).unwrap();
    assert!(market.balance(&market.payee("thief")) > 0, "the deposit flows to the thief");
}
