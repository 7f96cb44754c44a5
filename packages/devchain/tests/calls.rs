//! How strictly calls are read, as wasmd 0.70.3 with CometBFT 0.39 reads them.
#![allow(clippy::unwrap_used)]

mod support;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use support::Environment;
use tokio_tungstenite::tungstenite::Message as Frame;

/// CometBFT's default of `max_body_bytes`.
const MOST: usize = 1_000_000;

/// The hash of block 1, as bytes.
async fn hash(env: &Environment) -> Vec<u8> {
    let block = env.client.call("block", json!({ "height": "1" })).await;
    hex::decode(block["block_id"]["hash"].as_str().unwrap()).unwrap()
}

async fn refused(env: &Environment, method: &str, params: Value) {
    let answer = env.client.raw(method, params.clone()).await;
    assert_eq!(answer["error"]["code"], -32602, "{method} {params}: {answer}");
}

async fn post(env: &Environment, body: String) -> (u16, String) {
    let response = env.client.http.post(&env.client.url).body(body).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn numbers_are_taken_in_quotes_only() {
    let env = Environment::start().await;
    env.client.call("block", json!({ "height": "1" })).await;
    env.client.call("block", json!({ "height": null })).await;
    env.client.call("block", json!(["1"])).await;
    env.client.call("unconfirmed_txs", json!({ "limit": "1" })).await;
    for (method, params) in [
        ("block", json!({ "height": 1 })),
        ("block_results", json!([1])),
        ("block", json!({ "height": "" })),
        ("block", json!({ "height": "01" })),
        ("blockchain", json!({ "minHeight": 1 })),
        ("unconfirmed_txs", json!({ "limit": 1 })),
        ("tx_search", json!({ "query": "tx.height=1", "page": 1 })),
        ("tx_search", json!({ "query": "tx.height=1", "per_page": 1 })),
        ("abci_query", json!({ "path": "/x", "data": "", "height": 0 })),
    ] {
        refused(&env, method, params).await;
    }
}

#[tokio::test]
async fn parameters_in_a_list_are_all_of_them_and_each_of_its_kind() {
    let env = Environment::start().await;
    for (method, params) in [
        ("block", json!([])),
        ("block", json!(["1", "2"])),
        ("tx_search", json!(["tx.height=1"])),
        ("tx_search", json!({ "query": 5 })),
        ("tx_search", json!({ "query": "tx.height=1", "prove": "true" })),
    ] {
        refused(&env, method, params).await;
    }
    let listed = json!(["tx.height=1", false, "1", "1", "desc"]);
    assert_eq!(env.client.call("tx_search", listed).await["total_count"], "0");
}

#[tokio::test]
async fn a_header_is_found_by_the_hash_in_hex_and_a_block_by_base64() {
    let env = Environment::start().await;
    let hash = hash(&env).await;
    let by_hex = json!({ "hash": hex::encode(&hash) });
    let header = env.client.call("header_by_hash", by_hex.clone()).await;
    assert_eq!(header["header"]["height"], "1");
    let by_base64 = json!({ "hash": support::base64(&hash) });
    let block = env.client.call("block_by_hash", by_base64.clone()).await;
    assert_eq!(block["block"]["header"], header["header"]);
    // Hex is base64, too, of something else.
    assert_eq!(env.client.call("block_by_hash", by_hex).await["block"], Value::Null);
    refused(&env, "header_by_hash", by_base64).await;
    refused(&env, "header_by_hash", json!({ "hash": format!("0x{}", hex::encode(&hash)) })).await;
    refused(&env, "abci_query", json!({ "path": "/x", "data": "0x00" })).await;
    refused(&env, "broadcast_tx_sync", json!({ "tx": "!" })).await;
}

#[tokio::test]
async fn a_uri_writes_text_in_quotes_and_hashes_after_0x() {
    let env = Environment::start().await;
    let hash = hex::encode(hash(&env).await);
    for (path, status) in [
        ("/block?height=1".to_owned(), 200),
        ("/block?height=\"1\"".to_owned(), 200),
        ("/block?height=x".to_owned(), 500),
        (format!("/header_by_hash?hash=0x{hash}"), 200),
        (format!("/header_by_hash?hash={hash}"), 500),
        ("/tx_search?query=\"tx.height=1\"".to_owned(), 200),
        ("/tx_search?query=tx.height=1".to_owned(), 500),
        ("/abci_query?path=/x".to_owned(), 500),
        ("/nonsense".to_owned(), 404),
    ] {
        let url = format!("{}{path}", env.client.url);
        let answer = env.client.http.get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_body_of_more_than_a_million_bytes_is_refused() {
    let env = Environment::start().await;
    let body = |bytes: usize| {
        let head = r#"{"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","params":{"tx":""#;
        let tail = r#""}}"#;
        // Base64 comes in fours.
        let filled = "AAAA".repeat((bytes - head.len() - tail.len()) / 4);
        let body = format!("{head}{filled}{tail}");
        let rest = " ".repeat(bytes - body.len());
        body + &rest
    };
    let (status, answer) = post(&env, body(MOST)).await;
    assert_eq!(status, 200, "{answer}");
    for bytes in [MOST + 1, 4 * MOST] {
        let (status, answer) = post(&env, body(bytes)).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32600)));
        assert_eq!(
            answer["error"]["data"],
            "error reading request body: http: request body too large"
        );
        assert!(answer.get("id").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn a_websocket_closes_over_a_message_of_more_than_a_million_bytes() {
    let env = Environment::start().await;
    let url = env.chain.endpoint().websocket_url();
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    // It may close before it has read all.
    let _ = socket.send(Frame::text("A".repeat(MOST + 1))).await;
    let mut answers = 0;
    while let Some(Ok(message)) = socket.next().await {
        answers += usize::from(message.is_text());
    }
    assert_eq!(answers, 0);
    env.client.call("health", json!({})).await;
}

#[tokio::test]
async fn a_request_without_an_id_has_no_answer_and_one_answer_stands_alone() {
    let env = Environment::start().await;
    let asked = |id: &str| format!(r#"{{"jsonrpc":"2.0",{id}"method":"health"}}"#);
    let with_id = asked(r#""id":7,"#);
    let answered = json!({ "jsonrpc": "2.0", "id": 7, "result": {} });
    for (body, answer) in [
        (asked(""), None),
        (asked(r#""id":null,"#), None),
        ("[]".to_owned(), None),
        (with_id.clone(), Some(answered.clone())),
        (format!("[{with_id}]"), Some(answered.clone())),
        (format!("[{},{with_id}]", asked("")), Some(answered.clone())),
        (format!("[{with_id},{with_id}]"), Some(json!([answered, answered]))),
    ] {
        let (status, text) = post(&env, body.clone()).await;
        let found = (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap());
        assert_eq!((status, found), (200, answer), "{body}");
    }
    let (status, text) = post(&env, "5".to_owned()).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &answer["error"]["code"]), (500, &json!(-32700)));
    assert!(answer.get("id").is_none(), "{answer}");
}
