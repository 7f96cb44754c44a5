//! Known weaknesses, each as a test that passes while it is there. What mends one turns its test round:
//! the attack is refused, or costs what it should.

use cosmwasm_std::coins;
use souk_api::{
    defaults::{DENOM, MIN_AUCTION_BLOCKS, MIN_DEPOSIT},
    escrow,
    orderbook::{ExecuteMsg, events::DeploymentCreated},
};
use souk_core::{
    AccountId, DeploymentId,
    time::{DAY, HOUR},
};
use souk_orderbook::ContractError;

use crate::market::*;

/// B: an auction that its account could never pay: bids bind, slots are held, it costs nothing.
#[test]
fn poc_b_an_unfunded_binding_auction_holds_slots_for_nothing() {
    let mut market = Market::new();
    market.provider("pro");
    let mut orders = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..10 {
        let new = deployment(&[group("web", 1_000_000_000_000)], lowest_price(HOUR));
        let id = market.create("mallory", &new, MIN_DEPOSIT).unwrap();
        let order = market.deployment(id).groups[0].order;
        market.place("pro", order, 900_000_000_000).unwrap();
        orders.push(order);
        ids.push(id);
    }
    assert_eq!(market.stats_of("pro").used, 10);
    let honest = market.order("ann", tenant_choice());
    assert!(matches!(
        market.place("pro", honest, 900).unwrap_err(),
        ContractError::BondExhausted { .. }
    ));
    assert!(matches!(
        market.withdraw("pro", orders[0]).unwrap_err(),
        ContractError::AuctionBinds(_)
    ));
    market.blocks(MIN_AUCTION_BLOCKS, HOUR);
    for order in &orders {
        market.close_auction(*order, 1).unwrap();
    }
    let before = market.balance(&market.who("mallory"));
    let escrow = market.escrow.clone();
    for id in &ids {
        market.close("mallory", *id).unwrap();
        let who = market.who("anyone");
        let msg = escrow::ExecuteMsg::ClaimRefund { account: AccountId(id.0), deposit: None };
        market.call(&who, &escrow, &msg, 0).unwrap();
    }
    assert_eq!(
        market.balance(&market.who("mallory")) - before,
        10 * MIN_DEPOSIT,
        "all of it is back"
    );
}

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

/// M: the least deposit is taken out in the block in which it came; the orders go on asking for bids.
#[test]
fn poc_m_ten_orders_without_a_coin_behind_them_take_a_market_out_for_a_day() {
    let mut market = Market::new();
    let names = ["p0", "p1", "p2", "p3", "p4"];
    for name in names {
        market.provider(name);
    }
    let (mallory, escrow) = (market.who("mallory"), market.escrow.clone());
    market.mint(&mallory, MIN_DEPOSIT);
    let mut orders = Vec::new();
    for _ in 0..10 {
        let new = deployment(&[group("web", 1_000_000)], tenant_choice());
        let before = market.balance(&mallory);
        let msg = ExecuteMsg::CreateDeployment(new);
        let orderbook = market.orderbook.clone();
        let mut id = DeploymentId(0);
        market.cost(|market| {
            use cw_multi_test::Executor;
            let done = market
                .app
                .execute_contract(
                    mallory.clone(),
                    orderbook.clone(),
                    &msg,
                    &coins(MIN_DEPOSIT, DENOM),
                )
                .unwrap();
            let created: Vec<DeploymentCreated> = market.events_of(&done);
            id = created[0].deployment;
            done
        });
        let take = escrow::ExecuteMsg::WithdrawDeposit {
            account: AccountId(id.0),
            amount: amount(MIN_DEPOSIT),
        };
        market.cost(|market| market.call(&mallory, &escrow, &take, 0).unwrap());
        assert_eq!(market.balance(&mallory), before, "the same half SOUK serves for the next one");
        orders.push(market.deployment(id).groups[0].order);
    }
    for order in &orders {
        for name in names {
            assert_eq!(market.ineligible(name, *order), None, "the orderbook takes bids on it");
            market.place(name, *order, 500_000).unwrap();
        }
    }
    market.pass(DAY);
    for name in names {
        market.release(name, &orders);
        assert_eq!(market.stats_of(name).used, 10, "for a whole day unless the provider withdraws");
    }
    let honest = market.order("ann", tenant_choice());
    assert!(matches!(
        market.place("p0", honest, 900).unwrap_err(),
        ContractError::BondExhausted { .. }
    ));
    assert!(market.accept("mallory", orders[0], "p0", 500_000).is_err());
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
