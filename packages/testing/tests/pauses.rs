//! A guardian's pause ends by itself, in each of the five contracts alike.

#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use cosmwasm_std::Addr;
use serde_json::{Value, json};
use souk_core::time::WEEK;
use souk_testing::Market;

fn contracts(market: &Market) -> [Addr; 5] {
    let of = &market.contracts;
    [&of.attestations, &of.registry, &of.fees, &of.escrow, &of.orderbook].map(Clone::clone)
}

/// Whether it is paused, and until when.
fn shown(market: &Market, contract: &Addr) -> (bool, Option<u64>) {
    let config: Value = market.chain.ask(contract, &json!({"config": {}}));
    (config["paused"].as_bool().unwrap(), config["pause_ends"].as_u64())
}

#[test]
fn every_contract_goes_on_a_week_after_its_guardian_paused_it() {
    let mut market = Market::new();
    for contract in contracts(&market) {
        market.pause(&contract).unwrap();
        let ends_at = market.now() + WEEK;
        assert_eq!(shown(&market, &contract), (true, Some(ends_at)), "{contract}");
        market.pass(WEEK - 1);
        assert_eq!(shown(&market, &contract), (true, Some(ends_at)), "{contract}");
        market.pass(1);
        assert_eq!(shown(&market, &contract), (false, None), "{contract}");
        assert!(market.pause(&contract).is_err(), "{contract}: for as long");
        market.pass(WEEK).pause(&contract).unwrap();
        market.unpause(&contract).unwrap();
        market.pause(&contract).unwrap();
    }
}

#[test]
fn no_contract_loses_its_owner_during_a_pause() {
    let mut market = Market::new();
    let owner = market.who("owner");
    let renounce = json!({"update_ownership": "renounce_ownership"});
    for contract in contracts(&market) {
        market.pause(&contract).unwrap();
        let error = market.send(&owner, &contract, &renounce, &[]).unwrap_err();
        assert!(error.to_string().contains("during a pause"), "{contract}: {error:#}");
        market.pass(WEEK).send(&owner, &contract, &renounce, &[]).unwrap();
    }
}
