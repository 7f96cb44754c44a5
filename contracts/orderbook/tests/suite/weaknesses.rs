//! Known weaknesses, each as a test that passes while it is there. What mends one turns its test round:
//! the attack is refused, or costs what it should.

use cosmwasm_std::{Coin, coins};
use souk_api::{
    defaults::{self, DENOM},
    escrow,
    orderbook::{ExecuteMsg, events::DeploymentCreated},
};
use souk_core::{AccountId, Denom, time::HOUR};
use souk_orderbook::ContractError;

use crate::market::*;

/// F: a bank denom whose name reads as a listed token is taken on that token's terms.
#[test]
fn poc_f_a_bank_denom_that_looks_like_a_listed_token_is_accepted() {
    let mut market = Market::new();
    let owner = market.owner.clone();
    let token = market.who("token");
    let denoms = Some(vec![defaults::denom_config(Denom::Cw20(token.to_string()))]);
    market
        .send(&owner, &ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None })
        .unwrap();
    let fake = format!("cw20:{token}");
    let msg = ExecuteMsg::CreateDeployment(deployment(&[group("web", 1_000)], tenant_choice()));
    let who = market.who("mallory");
    let response = market.pay(&who, &msg, &[Coin::new(PLENTY, fake.clone())]).unwrap();
    let created: Vec<DeploymentCreated> = market.events_of(&response);
    assert_eq!(created[0].denom, Denom::Cw20(token.to_string()), "listeners read a token");
    assert_eq!(market.deployment(created[0].deployment).denom, Denom::Native(fake));
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

/// K: an owner that renounces leaves a guardian that can stop the market for good.
#[test]
fn poc_k_after_renouncing_a_pause_is_for_ever() {
    let mut market = Market::new();
    let (owner, guardian) = (market.owner.clone(), market.guardian.clone());
    market
        .send(&owner, &ExecuteMsg::UpdateOwnership(cw_ownable::Action::RenounceOwnership))
        .unwrap();
    market.send(&guardian, &ExecuteMsg::Pause {}).unwrap();
    assert!(market.send(&owner, &ExecuteMsg::Unpause {}).is_err());
    assert!(market.send(&guardian, &ExecuteMsg::Unpause {}).is_err());
    let _ = coins(1, DENOM);
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
