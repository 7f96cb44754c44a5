use std::collections::BTreeSet;

use cosmwasm_std::Addr;
use serde::Serialize;
use serde_json::Value;
use souk_api::{attestations, escrow, fees, orderbook, registry};
use souk_core::{AccountId, Denom, DeploymentId, OrderId};
use souk_testing::{Market, group, souk};

use super::*;

/// The contract's refusal, as a real node reports it; none if it answers.
fn refusal(market: &Market, contract: &Addr, msg: &impl Serialize) -> Option<String> {
    let error = market.chain.try_ask::<Value>(contract, msg).err()?.to_string();
    let words = error.split_once("contract error: ").map_or(error.as_str(), |(_, words)| words);
    Some(format!("{words}: query wasm contract failed: unknown request"))
}

/// Whatever can be asked about one thing, about things that are not there.
fn refusals(market: &mut Market) -> Vec<String> {
    let provider = market.who("nobody").to_string();
    let made = market.deploy("ann", group("web"), souk(20)).unwrap();
    let mut all = Vec::new();
    let mut ask = |contract: &Addr, msg: &dyn erased::Message| {
        all.extend(refusal(market, contract, &msg.json()));
    };
    let contracts = &market.contracts;
    let deployment = DeploymentId(99);
    ask(&contracts.orderbook, &orderbook::QueryMsg::Deployment { deployment });
    for order in [OrderId(99), made.order()] {
        use orderbook::QueryMsg::*;
        ask(&contracts.orderbook, &Lease { order });
        ask(&contracts.orderbook, &Bid { order, provider: provider.clone() });
        ask(&contracts.orderbook, &Bids { order, start_after: None, after: None, limit: None });
        ask(&contracts.orderbook, &Eligible { order, provider: provider.clone() });
    }
    ask(&contracts.orderbook, &orderbook::QueryMsg::Order { order: OrderId(99) });
    ask(&contracts.orderbook, &orderbook::QueryMsg::ProviderStats { provider: provider.clone() });
    for account in [AccountId(99), made.account()] {
        use escrow::QueryMsg::*;
        ask(&contracts.escrow, &Account { account });
        ask(&contracts.escrow, &Stream { account, stream: 99 });
        ask(&contracts.escrow, &Streams { account, start_after: None, limit: None });
        ask(&contracts.escrow, &Deposits { account, start_after: None, limit: None });
    }
    ask(&contracts.escrow, &escrow::QueryMsg::Totals { denom: Denom::native("unothing") });
    ask(&contracts.registry, &registry::QueryMsg::Provider { provider: provider.clone() });
    let auditor = provider.clone();
    ask(
        &contracts.attestations,
        &attestations::QueryMsg::Attestation {
            auditor: auditor.clone(),
            provider: provider.clone(),
        },
    );
    ask(&contracts.attestations, &attestations::QueryMsg::Auditor { auditor });
    ask(&contracts.fees, &fees::QueryMsg::Staker { staker: provider });
    all
}

mod erased {
    /// A query of any of the contracts.
    pub trait Message {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Message for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[test]
fn whatever_the_contracts_refuse_since_it_does_not_exist_is_absent() {
    let mut market = Market::new().tenant("ann", souk(50));
    let refusals = refusals(&mut market);
    assert!(refusals.len() > 8, "{refusals:?}");
    for log in refusals {
        assert!(says_absent(&log), "{log}");
    }
}

#[test]
fn each_text_that_is_known_is_said_by_a_contract() {
    let mut market = Market::new().tenant("ann", souk(50));
    let said: BTreeSet<_> =
        refusals(&mut market).iter().filter_map(|log| matching(log).copied()).collect();
    assert_eq!(said, BTreeSet::from(ABSENT));
}

#[test]
fn only_a_contracts_own_word_says_that_there_is_nothing() {
    for (log, absent) in [
        ("provider souk1me has no bid on order 7: query wasm contract failed", true),
        ("order 7 is not there; an absent order is closed: query wasm contract", true),
        ("order 7 has no lease: query wasm contract failed: unknown request", true),
        ("deployment 7 does not exist: query wasm contract failed", true),
        ("souk1me is not registered; register it first: query wasm contract failed", true),
        ("account 0/7 does not exist: query wasm contract failed", true),
        ("out of gas in location: wasm contract; gasWanted: 3000000", false),
        ("Error parsing into type: missing field: query wasm contract failed", false),
        ("contract: not found", false),
        ("deployment 7 is closed: query wasm contract failed", false),
        ("account 0/7 is closed: query wasm contract failed", false),
    ] {
        assert_eq!(says_absent(log), absent, "{log}");
    }
}
