//! Transactions that the chain refuses or fails: sequences, gas, fees.

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{cosmos::tx::v1beta1::SimulateResponse, traits::Message};
use serde_json::Value;
use souk_api::orderbook::ExecuteMsg;
use souk_chain::{Coin, tx};
use souk_core::OrderId;
use souk_devchain::proxy::{Effect, On, Proxy, change, contract_message, hook, messages};
use souk_tests::wait::until;

use crate::{
    chain,
    fixture::{BROADCAST_BID, Fixture, SIMULATED_BID, client},
};

/// The operator's key sends a coin to itself: whoever has its next sequence comes too late.
async fn take_sequence(fixture: &Fixture) -> impl Future<Output = ()> + Send + 'static + use<> {
    let (intruder, denom) = (fixture.intruder(), fixture.market.network.denom.clone());
    async move {
        let coins = [Coin::new(1, denom)];
        let send = tx::send(&intruder.address, &intruder.address, &coins);
        intruder.send("using the agent's key elsewhere", vec![send]).await.unwrap();
    }
}

/// The codes that the agent was given for its bids on this order, in order.
fn codes(proxy: &Proxy, order: OrderId) -> Vec<Option<u64>> {
    let bids = |bytes: &[u8]| {
        messages(bytes).iter().filter_map(contract_message).any(|message| {
            let bid = message.get("place_bid");
            bid.is_some_and(|bid| bid.get("order") == Some(&order.0.into()))
        })
    };
    let all = proxy.broadcasts();
    all.into_iter().filter(|one| bids(&one.bytes)).map(|one| one.code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_taken_before_the_simulation_costs_no_transaction() {
    let Some(chain) = chain::shared().await else { return };
    let fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    let intrusion = take_sequence(&fixture).await;
    fixture.proxies[0].once(SIMULATED_BID, Effect::Before(hook(intrusion)));
    let order = fixture.order("app").await;
    fixture.wait_for_bid("a bid in spite of the simulation's refusal", order).await;
    assert_eq!(fixture.proxies[0].waiting(), 0, "the fault struck");
    assert_eq!(codes(&fixture.proxies[0], order), [Some(0)]);
    fixture.nothing_was_lost(&[(lease, 1), (order, 1)], &[lease]).await;
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_taken_before_the_broadcast_is_refused_once_and_signed_again() {
    let Some(chain) = chain::shared().await else { return };
    let fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    let intrusion = take_sequence(&fixture).await;
    fixture.proxies[0].once(BROADCAST_BID, Effect::Before(hook(intrusion)));
    let order = fixture.order("app").await;
    fixture.wait_for_bid("a bid in spite of the refusal", order).await;
    // The refused one can never be executed: its sequence is another's.
    assert_eq!(codes(&fixture.proxies[0], order), [Some(32), Some(0)]);
    fixture.nothing_was_lost(&[(lease, 1), (order, 2)], &[lease]).await;
    fixture.stop().await;
}

/// The simulation finds six tenths of what is needed: with its margin still too little.
fn less_gas(result: &mut Value) {
    let Some(value) = result.pointer_mut("/response/value") else { return };
    let bytes = BASE64_STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    let mut simulated = SimulateResponse::decode(bytes.as_slice()).unwrap();
    if let Some(gas) = &mut simulated.gas_info {
        gas.gas_used = gas.gas_used * 6 / 10;
        *value = BASE64_STANDARD.encode(simulated.encode_to_vec()).into();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_that_runs_out_of_gas_is_given_more_and_counts_once() {
    let Some(chain) = chain::shared().await else { return };
    let fixture = Fixture::start(chain, 1).await;
    let lease = fixture.lease("lease").await;
    fixture.proxies[0].always(SIMULATED_BID, change(less_gas));
    let order = fixture.order("app").await;
    fixture.wait_for_bid("a bid with more gas", order).await;
    let sent: Vec<_> = fixture.proxies[0].transactions();
    let mut results = Vec::new();
    for (hash, all) in sent {
        let bid = |message: Value| message.pointer("/place_bid/order") == Some(&order.0.into());
        if all.iter().filter_map(contract_message).any(bid) {
            results.push(result_of(&fixture, hash).await);
        }
    }
    let codes: Vec<_> = results.iter().map(|one| (one.codespace.as_str(), one.code)).collect();
    assert_eq!(codes, [("sdk", 11), ("", 0)], "ran out of gas in a block, then was executed");
    assert!(results[1].gas_wanted > results[0].gas_wanted);
    fixture.nothing_was_lost(&[(lease, 1), (order, 2)], &[lease]).await;
    fixture.stop().await;
}

async fn result_of(fixture: &Fixture, hash: [u8; 32]) -> souk_chain::rpc::TxResult {
    let client = client(&fixture.chain.node.rpc_url());
    let hash = hex::encode_upper(hash).parse().unwrap();
    until("the transaction's result", async || match client.tx(&hash).await.ok()? {
        souk_chain::rpc::TxLookup::Found(tx) => Some(tx.result),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_below_the_nodes_least_is_raised_to_it_within_the_bound() {
    let Some(chain) = chain::shared().await else { return };
    // The node takes 0.025; ten times what is paid at first is the bound unless configured.
    let cheap = |network: &mut souk_client::network::Network| {
        network.gas_price = format!("0.01{}", network.denom).parse().unwrap();
    };
    let mut fixture = Fixture::start_with(chain, 1, cheap).await;
    let first = fixture.order("first").await;
    fixture.wait_for_bid("a bid with a raised fee", first).await;
    // Whatever it sends first is refused once: that is the key with which it signs, or the bid.
    let sent = fixture.proxies[0].broadcasts();
    let all: Vec<_> = sent.iter().map(|one| one.code).collect();
    assert_eq!(all.first(), Some(&Some(13)), "{all:?}");
    assert!(all.len() > 1 && all.iter().skip(1).all(|code| *code == Some(0)), "{all:?}");
    let of_first = codes(&fixture.proxies[0], first);
    assert_eq!(of_first.last(), Some(&Some(0)));
    // What was learned holds on.
    let second = fixture.order("second").await;
    fixture.wait_for_bid("a bid with the raised fee", second).await;
    assert_eq!(codes(&fixture.proxies[0], second), [Some(0)]);
    fixture.accept(first).await;
    fixture.agent_has_lease(first).await;

    // A bound below what the node takes: nothing is paid, nothing is lost, and the log says why.
    fixture.stop_agent().await;
    let path = fixture.provider.config();
    let bounded = std::fs::read_to_string(&path).unwrap();
    let denom = &fixture.market.network.denom;
    let line = format!("gas_price = \"0.01{denom}\"\n");
    assert!(bounded.contains(&line), "{bounded}");
    let low = bounded.replace(&line, &format!("{line}max_gas_price = \"0.02{denom}\"\n"));
    std::fs::write(&path, low).unwrap();
    fixture.start_agent().await;
    let third = fixture.order("third").await;
    until("the agent's complaint", async || {
        let log = std::fs::read_to_string(fixture.provider.folder.join("agent.log")).ok()?;
        log.contains("the configured maximum is 0.02").then_some(())
    })
    .await;
    fixture.blocks(10).await;
    assert!(fixture.bid(third).await.is_none());
    let fees = codes(&fixture.proxies[0], third);
    assert!(!fees.is_empty() && fees.iter().all(|code| *code == Some(13)), "{fees:?}");

    // The operator allows more: the order that waited gets its bid.
    fixture.stop_agent().await;
    std::fs::write(&path, bounded).unwrap();
    fixture.start_agent().await;
    fixture.wait_for_bid("a bid after the bound was raised", third).await;
    let transactions = fixture.bids_broadcast(third);
    let bids = [(first, of_first.len()), (second, 1), (third, transactions)];
    fixture.nothing_was_lost(&bids, &[first]).await;
    let accepted = codes(&fixture.proxies[0], third).into_iter().filter(|code| *code == Some(0));
    assert_eq!(accepted.count(), 1, "of all transactions for the order one was taken");
    fixture.stop().await;
}

/// A constant that meant other transactions too would count them as bids.
#[test]
fn a_bid_is_distinguished_from_other_transactions() {
    let (order, provider) = (OrderId(1), "place_bidder".to_owned());
    let price = souk_core::Price::new(1).unwrap();
    let bid = ExecuteMsg::PlaceBid {
        order,
        provider: provider.clone(),
        price,
        offer: vec![],
        reclamation_window: None,
    };
    let others = [
        ExecuteMsg::LowerBid { order, provider: provider.clone(), price },
        ExecuteMsg::WithdrawBid { order, provider: provider.clone() },
        ExecuteMsg::ReleaseBids { provider, orders: vec![order] },
    ];
    for On(_, part) in [BROADCAST_BID, SIMULATED_BID] {
        let holds = |message: &ExecuteMsg| serde_json::to_string(message).unwrap().contains(part);
        assert!(holds(&bid) && !others.iter().any(holds));
    }
}
