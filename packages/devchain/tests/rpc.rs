//! What a client can rely on when it reads the chain.
#![allow(clippy::unwrap_used)]

mod support;

use cosmrs::proto::cosmos::bank::v1beta1::{QueryBalanceRequest, QueryBalanceResponse};
use futures::{SinkExt, StreamExt};
use prost::Message;
use serde_json::{Value, json};
use support::{DENOM, Draft, Environment, START};
use tokio_tungstenite::tungstenite::Message as Frame;

async fn get(env: &Environment, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", env.client.url);
    let response = env.client.http.get(url).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn status_names_chain_height_and_a_version_that_clients_know() {
    let env = Environment::start().await;
    let status = env.client.call("status", json!({})).await;
    assert_eq!(status["node_info"]["network"], support::CHAIN_ID);
    assert!(status["node_info"]["version"].as_str().unwrap().starts_with("0.38."));
    assert_eq!(status["sync_info"]["latest_block_height"], "1");
    assert_eq!(status["sync_info"]["catching_up"], false);
}

#[tokio::test]
async fn blocks_link_to_each_other_by_hash_and_are_found_by_it() {
    let env = Environment::start().await;
    env.chain.produce_blocks(4).await.unwrap();
    let mut before: Option<Value> = None;
    for height in 1..=5u64 {
        let block = env.client.call("block", json!({ "height": height.to_string() })).await;
        assert_eq!(block["block"]["header"]["height"], height.to_string());
        if let Some(before) = before {
            assert_eq!(block["block"]["header"]["last_block_id"], before["block_id"]);
        }
        let hash = hex::decode(block["block_id"]["hash"].as_str().unwrap()).unwrap();
        let params = json!({ "hash": support::base64(&hash) });
        assert_eq!(env.client.call("block_by_hash", params).await, block);
        before = Some(block);
    }
}

#[tokio::test]
async fn a_header_hashes_to_its_blocks_hash() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    env.run(ann, 0, vec![ann.send(&bob.address, 1)]).await;
    env.chain.produce_block().await.unwrap();
    let block = env.client.call("block", json!({})).await;
    // Read as a light client reads it: from JSON, by the tendermint crate.
    let mut header = block["block"]["header"].clone();
    header["version"]["app"] = "0".into();
    let header: cosmrs::tendermint::block::Header = serde_json::from_value(header).unwrap();
    assert_eq!(block["block_id"]["hash"], header.hash().to_string());
}

#[tokio::test]
async fn a_uri_asks_the_same_as_json() {
    let env = Environment::start().await;
    let (status, block) = get(&env, "/block?height=1").await;
    assert_eq!(status, 200);
    assert_eq!(block["result"], env.client.call("block", json!({ "height": "1" })).await);
    let listed = env.client.call("block", json!(["1"])).await;
    assert_eq!(block["result"], listed);

    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 1)], 0).sign(ann);
    let (status, sent) = get(&env, &format!("/broadcast_tx_sync?tx=0x{}", hex::encode(&tx))).await;
    assert_eq!((status, &sent["result"]["code"]), (200, &json!(0)));
    env.chain.produce_block().await.unwrap();
    let hash = sent["result"]["hash"].as_str().unwrap();
    let (_, found) = get(&env, &format!("/tx?hash=0x{hash}")).await;
    assert_eq!(found["result"]["height"], "2");
    let (_, listed) = get(&env, "/tx_search?query=\"tx.height=2\"").await;
    assert_eq!(listed["result"]["total_count"], "1");
}

#[tokio::test]
async fn wrong_calls_get_json_rpcs_codes() {
    let env = Environment::start().await;
    let table = [
        ("nonsense", json!({}), -32601),
        ("block", json!({ "height": "x" }), -32602),
        ("block", json!("x"), -32602),
        ("block", json!({ "height": "0" }), -32603),
        ("block", json!({ "height": "99" }), -32603),
        ("tx", json!({ "hash": "" }), -32603),
        ("tx_search", json!({ "query": "no query" }), -32603),
        ("souk_advance", json!({ "seconds": -1 }), -32602),
        ("souk_set_time_scale", json!({ "factor": "fast" }), -32602),
        ("souk_produce_blocks", json!({ "n": 0 }), -32602),
    ];
    for (method, params, code) in table {
        let answer = env.client.raw(method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
    }
    let text = env.client.http.post(&env.client.url).body("{").send().await.unwrap();
    let answer: Value = text.json().await.unwrap();
    assert_eq!(answer["error"]["code"], -32700);
    assert_eq!(get(&env, "/nonsense").await.0, 404);
}

#[tokio::test]
async fn a_batch_is_answered_in_order() {
    let env = Environment::start().await;
    let batch = json!([
        { "jsonrpc": "2.0", "id": 7, "method": "health" },
        { "jsonrpc": "2.0", "id": "x", "method": "nonsense" },
    ]);
    let response = env.client.http.post(&env.client.url).json(&batch).send().await.unwrap();
    let answers: Value = response.json().await.unwrap();
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!(7), &json!({})));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&json!("x"), &json!(-32601)));
}

#[tokio::test]
async fn transactions_are_found_by_hash_height_action_and_attribute_in_pages() {
    let env = Environment::start().await;
    let (ann, bob, cid) = (&env.ann, &env.bob, &env.cid);
    for sequence in 0..5 {
        let to = if sequence == 3 { &cid.address } else { &bob.address };
        env.run(ann, sequence, vec![ann.send(to, 10)]).await;
    }
    let search = async |params: Value| env.client.call("tx_search", params).await;
    let action = "message.action='/cosmos.bank.v1beta1.MsgSend'";
    let page = search(json!({ "query": action, "per_page": "2", "page": "3" })).await;
    assert_eq!(page["total_count"], "5");
    assert_eq!(page["txs"].as_array().unwrap().len(), 1);
    assert_eq!(page["txs"][0]["height"], "6");
    let newest = search(json!({ "query": action, "order_by": "desc", "per_page": "1" })).await;
    assert_eq!(newest["txs"][0], page["txs"][0]);
    let hash = page["txs"][0]["hash"].as_str().unwrap();
    let by_hash = search(json!({ "query": format!("tx.hash='{hash}'") })).await;
    assert_eq!(by_hash["txs"], json!([page["txs"][0]]));
    let to_cid = format!("transfer.recipient='{}' AND transfer.sender EXISTS", cid.address);
    let found = search(json!({ "query": to_cid })).await;
    assert_eq!((&found["total_count"], &found["txs"][0]["height"]), (&json!("1"), &json!("5")));
}

#[tokio::test]
async fn queries_at_a_height_see_the_state_of_that_height() {
    let env = Environment::with(support::builder().retention(100, 3)).await;
    let (ann, bob) = (&env.ann, &env.bob);
    for sequence in 0..4 {
        env.run(ann, sequence, vec![ann.send(&bob.address, 10)]).await;
    }
    let query = QueryBalanceRequest { address: bob.address.clone(), denom: DENOM.into() };
    let path = "/cosmos.bank.v1beta1.Query/Balance";
    let at = async |height| env.client.abci_raw(path, &query.encode_to_vec(), height).await;
    for (height, received) in [(3, 20), (4, 30), (5, 40), (0, 40)] {
        let response = at(height).await;
        assert_eq!(response["code"], 0, "{response}");
        let answer: QueryBalanceResponse = support::decode_value(&response);
        assert_eq!(answer.balance.unwrap().amount, (START + received).to_string());
        let shown = if height == 0 { 5 } else { height };
        assert_eq!(response["height"], shown.to_string());
    }
    let pruned = at(2).await;
    assert_eq!((&pruned["code"], &pruned["codespace"]), (&json!(38), &json!("sdk")));
    assert!(pruned["log"].as_str().unwrap().starts_with("failed to load state at height 2"));
    assert_eq!(at(6).await["code"], 26);
}

#[tokio::test]
async fn a_simulation_estimates_and_changes_nothing() {
    use cosmrs::proto::cosmos::tx::v1beta1::SimulateResponse;
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let draft = Draft { fee: 0, gas: 0, ..Draft::new(vec![ann.send(&bob.address, 10)], 0) };
    let estimated: SimulateResponse = support::decode_value(&env.simulate(&draft, 0).await);
    assert_eq!(env.client.balance(&bob.address).await, START);
    let wrong = env.simulate(&draft, 3).await;
    assert_eq!(wrong["code"], 6);
    let log = wrong["log"].as_str().unwrap();
    assert!(
        log.contains("account sequence mismatch, expected 0, got 3: incorrect account sequence")
    );
    let result = env.run(ann, 0, vec![ann.send(&bob.address, 10)]).await;
    let used: f64 = result["gas_used"].as_str().unwrap().parse().unwrap();
    let estimate = estimated.gas_info.unwrap().gas_used as f64;
    // The simulated transaction pays no fee.
    assert!((0.6..1.05).contains(&(estimate / used)), "{estimate} {used}");
}

#[tokio::test]
async fn chain_time_moves_by_the_documented_methods() {
    let env = Environment::start().await;
    let before = env.chain.time_ns().await.unwrap();
    env.client.call("souk_advance", json!({ "seconds": 3600 })).await;
    let made = env.client.call("souk_produce_blocks", json!({ "n": 3 })).await;
    assert_eq!(made["height"], "4");
    let after = env.chain.time_ns().await.unwrap();
    assert_eq!(after - before, (3600 + 3 * 5) * 1_000_000_000);
    let scaled = env.client.call("souk_set_time_scale", json!({ "factor": 60.5 })).await;
    assert_eq!(scaled["factor"], 60.5);
}

#[tokio::test]
async fn broadcast_commit_waits_for_the_block() {
    let env =
        Environment::with(support::builder().block_time(std::time::Duration::from_millis(50)))
            .await;
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 10)], 0).sign(ann);
    let committed =
        env.client.call("broadcast_tx_commit", json!({ "tx": support::base64(&tx) })).await;
    assert_eq!(committed["check_tx"]["code"], 0);
    assert_eq!(committed["tx_result"]["code"], 0);
    let found = env.client.call("block_results", json!({ "height": committed["height"] })).await;
    assert_eq!(found["txs_results"][0], committed["tx_result"]);
    let refused = Draft::new(vec![ann.send(&bob.address, 10)], 9).sign(ann);
    let refused =
        env.client.call("broadcast_tx_commit", json!({ "tx": support::base64(&refused) })).await;
    assert_eq!((&refused["check_tx"]["code"], &refused["height"]), (&json!(32), &json!("0")));
}

#[tokio::test]
async fn the_websocket_tells_of_blocks_and_transactions_until_unsubscribed() {
    let env = Environment::start().await;
    let url = env.chain.endpoint().websocket_url();
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let mut ask = async |id: u64, method: &str, query: &str| {
        let request =
            json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": { "query": query } });
        socket.send(Frame::text(request.to_string())).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap().into_text().unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let to_bob = format!("tm.event='Tx' AND transfer.recipient='{}'", env.bob.address);
    assert_eq!(ask(1, "subscribe", "tm.event='NewBlock'").await["result"], json!({}));
    assert_eq!(ask(2, "subscribe", "tm.event='NewBlockHeader'").await["result"], json!({}));
    assert_eq!(ask(3, "subscribe", &to_bob).await["result"], json!({}));
    assert!(ask(4, "subscribe", "tm.event='NewBlock'").await["error"].is_object());
    assert!(ask(5, "status", "").await["result"]["node_info"].is_object());

    let (ann, bob, cid) = (&env.ann, &env.bob, &env.cid);
    for (sequence, to) in [(0, &bob.address), (1, &cid.address)] {
        let tx = Draft::new(vec![ann.send(to, 10)], sequence).sign(ann);
        env.client.broadcast(&tx).await;
    }
    env.chain.produce_block().await.unwrap();
    let mut message = Vec::new();
    for _ in 0..3 {
        let frame = socket.next().await.unwrap().unwrap().into_text().unwrap();
        let event: Value = serde_json::from_str(&frame).unwrap();
        message.push((event["id"].as_u64().unwrap(), event["result"].clone()));
    }
    message.sort_by_key(|(id, _)| *id);
    let types: Vec<_> = message.iter().map(|(_, event)| event["data"]["type"].clone()).collect();
    let expected =
        ["NewBlock", "NewBlockHeader", "Tx"].map(|t| json!(format!("tendermint/event/{t}")));
    assert_eq!(types, expected);
    assert_eq!(message[0].1["data"]["value"]["block"]["header"]["height"], "2");
    assert_eq!(message[2].1["data"]["value"]["TxResult"]["height"], "2");

    let mut ask = async |method: &str, query: &str| {
        let request =
            json!({ "jsonrpc": "2.0", "id": 9, "method": method, "params": { "query": query } });
        socket.send(Frame::text(request.to_string())).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap().into_text().unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    assert_eq!(ask("unsubscribe_all", "").await["result"], json!({}));
    env.chain.produce_block().await.unwrap();
    // The next frame answers the question; no event came before it.
    assert!(ask("unsubscribe", "tm.event='NewBlock'").await["error"].is_object());
}

#[tokio::test]
async fn genesis_balances_are_the_supply() {
    let env = Environment::start().await;
    let genesis = env.client.call("genesis", json!({})).await;
    let balances = genesis["genesis"]["app_state"]["bank"]["balances"].as_array().unwrap().clone();
    let sum: u128 = balances
        .iter()
        .map(|account| account["coins"][0]["amount"].as_str().unwrap().parse::<u128>().unwrap())
        .sum();
    assert_eq!(sum, env.supply().await);
    assert_eq!(sum, env.total().await);
}

#[tokio::test]
async fn contract_state_is_listed_in_pages() {
    use cosmrs::proto::cosmos::base::query::v1beta1::PageRequest;
    use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
    let env = Environment::start().await;
    let token = env.token().await;
    let path = "/cosmwasm.wasm.v1.Query/AllContractState";
    let mut seen = Vec::new();
    let mut key = Vec::new();
    loop {
        let pagination = Some(PageRequest { key, limit: 2, ..PageRequest::default() });
        let query = wasm::QueryAllContractStateRequest { address: token.clone(), pagination };
        let page: wasm::QueryAllContractStateResponse = env.client.abci(path, query).await;
        assert!(page.models.len() <= 2);
        seen.extend(page.models.into_iter().map(|model| model.key));
        key = page.pagination.unwrap().next_key;
        if key.is_empty() {
            break;
        }
    }
    let query = wasm::QueryAllContractStateRequest { address: token, pagination: None };
    let all: wasm::QueryAllContractStateResponse = env.client.abci(path, query).await;
    let all: Vec<_> = all.models.into_iter().map(|model| model.key).collect();
    assert!(all.len() > 2);
    assert_eq!(seen, all);
}
