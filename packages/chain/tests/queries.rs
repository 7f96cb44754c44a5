//! Typed queries, at the newest height and pinned to one.

#![allow(clippy::unwrap_used)]

mod support;

use souk_chain::query::{QueryError, SimulationError};
use souk_chain::tx::{Instantiate, RefusalKind, TxPlan, execute, instantiate};
use souk_chain::{Client, Coin};
use support::contract::{Execute, Query};
use support::*;

async fn contract(url: &str) -> String {
    let what = Instantiate {
        code_id: 1,
        label: "slots of key 1".into(),
        admin: Some(address(2)),
        ..Instantiate::default()
    };
    let msg = instantiate(&address(1), &what, &serde_json::json!({})).unwrap();
    let outcome = signer(url, 1).send_and_confirm(vec![msg]).await.unwrap();
    outcome.contract_address().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn balances_supply_and_accounts_are_read() {
    let chain = running_chain().await;
    let query = client(&chain.rpc_url()).query();
    let all = query.balances(&address(1)).await.unwrap();
    assert_eq!(all, [Coin::new(1_000_000_000, DENOM)]);
    assert_eq!(query.balance(&address(1), "other").await.unwrap(), 0);
    assert_eq!(query.supply(DENOM).await.unwrap(), 2_000_000_000);
    let supply = query.total_supply().await.unwrap();
    assert_eq!(supply, [Coin::new(2_000_000_000, DENOM)]);
    let mut owners = query.denom_owners(DENOM).await.unwrap();
    owners.sort();
    let mut expected = [1, 2].map(|number| (address(number), 1_000_000_000));
    expected.sort();
    assert_eq!(owners, expected);
    assert_eq!(query.denom_owners("other").await.unwrap(), []);
    let account = query.account(&address(1)).await.unwrap();
    assert_eq!((account.sequence, account.address), (0, address(1)));
    assert!(account.height > 0);
    assert!(matches!(query.account(&address(3)).await, Err(QueryError::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_query_sees_the_state_of_its_height() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let sender = signer(&url, 1);
    let first = sender.send_and_confirm(vec![pay(5)]).await.unwrap();
    let second = sender.send_and_confirm(vec![pay(7)]).await.unwrap();
    let query = client(&url).query();
    let balance = |height| {
        let pinned = query.at(height);
        async move { pinned.balance(&address(3), DENOM).await.unwrap() }
    };
    assert_eq!(balance(first.height - 1).await, 0);
    assert_eq!(balance(first.height).await, 5);
    assert_eq!(balance(second.height).await, 12);
    let account = query.at(first.height).account(&address(1)).await.unwrap();
    assert_eq!((account.sequence, account.height), (1, first.height));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_gone_or_not_there_yet_is_said_to_be_so() {
    let chain = manual_chain().await;
    let head = chain.produce_blocks(20).await.unwrap();
    chain.prune_below(10).await.unwrap();
    let query = client(&chain.rpc_url()).query();
    for height in [3, head + 100] {
        let answer = query.at(height).balance(&address(1), DENOM).await;
        assert!(matches!(answer, Err(QueryError::HeightUnavailable { .. })), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_are_queried_smart_and_raw() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let contract = contract(&url).await;
    let take = execute(&address(1), &contract, &Execute::Take { slot: 3 }, &[]).unwrap();
    let outcome = signer(&url, 1).send_and_confirm(vec![take]).await.unwrap();
    assert_eq!(outcome.attribute("wasm-taken", "slot"), Some("3"));
    assert_eq!(outcome.responses.len(), 1);
    let query = client(&url).query();
    let ask = |slot| Query::Owner { slot };
    let owner: Option<String> = query.smart(&contract, &ask(3)).await.unwrap();
    assert_eq!(owner, Some(address(1)));
    let before = query.at(outcome.height - 1);
    let owner: Option<String> = before.smart(&contract, &ask(3)).await.unwrap();
    assert_eq!(owner, None);
    assert_eq!(query.raw(&contract, b"weight").await.unwrap(), Some(b"1".to_vec()));
    assert_eq!(query.raw(&contract, b"absent").await.unwrap(), None);
    let wrong: Result<u64, _> = query.smart(&contract, &ask(3)).await;
    assert!(matches!(wrong, Err(QueryError::Decode { .. })));
    let refused: Result<u64, _> = query.smart(&contract, &serde_json::json!({"no": {}})).await;
    assert!(matches!(refused, Err(QueryError::Refused { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_and_code_are_described_and_absent_ones_named() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let contract = contract(&url).await;
    let query = client(&url).query();
    let info = query.contract_info(&contract).await.unwrap();
    assert_eq!(
        (info.code_id, info.creator, info.admin, info.label),
        (1, address(1), Some(address(2)), "slots of key 1".into())
    );
    let code = query.code_info(1).await.unwrap();
    assert_eq!(code.checksum.len(), 32);
    for error in
        [query.contract_info(&address(3)).await.map(|_| ()), query.code_info(99).await.map(|_| ())]
    {
        assert!(matches!(error, Err(QueryError::NotFound { .. })), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_tells_the_gas_or_the_reason() {
    let chain = running_chain().await;
    let query = client(&chain.rpc_url()).query();
    let simulate = |messages, sequence| {
        let plan = TxPlan { messages, ..TxPlan::default() };
        let bytes = plan.for_simulation(&key(1).public_key(), sequence);
        let query = query.clone();
        async move { query.simulate(&bytes).await }
    };
    assert!(simulate(vec![pay(1)], 0).await.unwrap().gas_used > 10_000);
    let kind = |result| match result {
        Err(SimulationError::WouldFail(refusal)) => refusal.kind,
        other => panic!("{other:?}"),
    };
    let too_much = simulate(vec![pay(1), pay(5_000_000_000)], 0).await;
    assert_eq!(kind(too_much), RefusalKind::Message { index: Some(1) });
    let wrong_sequence = simulate(vec![pay(1)], 7).await;
    assert_eq!(kind(wrong_sequence), RefusalKind::Sequence);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_one_node_lacks_is_asked_of_another() {
    let mut chain = manual_chain().await;
    let second = chain.another_endpoint().await.unwrap();
    let head = chain.produce_blocks(10).await.unwrap();
    // Not so far behind that it is set aside.
    second.faults().set_stale_at(Some(head - 2));
    let urls = [second.url(), chain.rpc_url()];
    let query = Client::new(client_config(&urls)).unwrap().query();
    for height in [head, head - 1, head - 2] {
        let balance = query.at(height).balance(&address(1), DENOM).await;
        assert_eq!(balance, Ok(1_000_000_000), "at {height}");
    }
}
