//! Calls as they come from strangers: whether both chains read them alike, and what a search finds
//! among the transactions that were played.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{accounts::Who, pair::Pair, pair::address};

/// A node answers from its index some moments after the block.
const TRIES: usize = 50;
const WAIT: Duration = Duration::from_millis(100);

struct Node {
    http: reqwest::Client,
    url: String,
    /// Of block 2, which has another hash on each chain.
    hash: Vec<u8>,
}

impl Node {
    async fn at(url: String) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut node = Self { http, url, hash: Vec::new() };
        let (_, block) = node.call("block", json!({ "height": "2" })).await;
        node.hash = hex::decode(block["result"]["block_id"]["hash"].as_str().unwrap()).unwrap();
        node
    }

    /// The status and the answer; null for none.
    async fn post(&self, body: String) -> (u16, Value) {
        let answer = self.http.post(&self.url).body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null))
    }

    async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(call.to_string()).await
    }

    async fn get(&self, path: &str) -> u16 {
        let url = format!("{}{path}", self.url);
        self.http.get(url).send().await.unwrap().status().as_u16()
    }

    /// Heights of what a query finds, or the error's code.
    async fn found(&self, query: &str) -> Value {
        let params = json!({ "query": query, "per_page": "100" });
        let (_, answer) = self.call("tx_search", params).await;
        match answer["result"]["txs"].as_array() {
            Some(txs) => {
                let heights: Vec<&Value> = txs.iter().map(|tx| &tx["height"]).collect();
                json!([answer["result"]["total_count"], heights])
            }
            None => answer["error"]["code"].clone(),
        }
    }

    /// How every call ends, in words that are the same on both if it is read alike.
    async fn readings(&self) -> Vec<String> {
        let mut readings = Vec::new();
        let (hex, base64) = (hex::encode(&self.hash), STANDARD.encode(&self.hash));
        for (what, method, params) in [
            ("a height in quotes", "block", json!({ "height": "2" })),
            ("a bare height", "block", json!({ "height": 2 })),
            ("an empty height", "block", json!({ "height": "" })),
            ("a height with zeros", "block", json!({ "height": "02" })),
            ("no height", "block", json!({ "height": null })),
            ("height 0", "block", json!({ "height": "0" })),
            ("a list", "block", json!(["2"])),
            ("a list with too few", "block", json!([])),
            ("a list with too many", "block", json!(["2", "3"])),
            ("text for parameters", "block", json!("2")),
            ("a bare page", "tx_search", json!({ "query": "tx.height=2", "page": 1 })),
            ("a flag as text", "tx_search", json!({ "query": "tx.height=2", "prove": "true" })),
            ("a number as text", "tx_search", json!({ "query": 2 })),
            ("a bare limit", "unconfirmed_txs", json!({ "limit": 1 })),
            ("data with 0x", "abci_query", json!({ "path": "/x", "data": "0x00" })),
            ("a bare query height", "abci_query", json!({ "path": "/x", "height": 0 })),
            ("a header by hex", "header_by_hash", json!({ "hash": hex })),
            ("a header by base64", "header_by_hash", json!({ "hash": base64 })),
            ("a block by base64", "block_by_hash", json!({ "hash": base64 })),
            ("a block by hex", "block_by_hash", json!({ "hash": hex })),
            ("a transaction by hex", "tx", json!({ "hash": hex })),
            ("a transaction by nothing", "tx", json!({})),
            ("bytes that are no base64", "broadcast_tx_sync", json!({ "tx": "!" })),
            ("no such method", "nonsense", json!({})),
        ] {
            let (status, answer) = self.call(method, params).await;
            let result = &answer["result"];
            let height = ["/block/header/height", "/header/height"]
                .iter()
                .find_map(|place| result.pointer(place));
            let found = height.or(result.get("total_count")).cloned().unwrap_or_default();
            // Of the newest block the height differs.
            let found = if what == "no height" { Value::Null } else { found };
            readings.push(format!("{what}: {status} {} {found}", answer["error"]["code"]));
        }
        for body in [
            r#"[{"jsonrpc":"2.0","id":7,"method":"health"}]"#,
            r#"{"jsonrpc":"2.0","method":"health"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"health"}"#,
            "[]",
            "{",
            "5",
        ] {
            readings.push(format!("{body}: {}", shown(self.post(body.to_owned()).await)));
        }
        let long = format!("{{}}{}", " ".repeat(1_000_000));
        readings.push(format!("a long body: {}", shown(self.post(long).await)));
        for path in [
            "/block?height=2".to_owned(),
            "/block?height=\"2\"".to_owned(),
            "/block?height=x".to_owned(),
            format!("/header_by_hash?hash=0x{hex}"),
            format!("/header_by_hash?hash={hex}"),
            "/tx_search?query=\"tx.height=2\"".to_owned(),
            "/tx_search?query=tx.height=2".to_owned(),
            "/nonsense".to_owned(),
        ] {
            readings.push(format!("{}: {}", path.replace(&hex, "HASH"), self.get(&path).await));
        }
        readings
    }
}

/// An answer without the error's words.
fn shown((status, answer): (u16, Value)) -> String {
    let is = if answer.is_array() { "a list" } else { "one answer" };
    format!("{status} {is} {} {} {}", answer["id"], answer["result"], answer["error"]["code"])
}

/// Queries by which an index differs from a subscription.
fn searches(last: u64) -> Vec<String> {
    let owner = address(Who::Owner);
    let sent = "message.action='/cosmwasm.wasm.v1.MsgExecuteContract'";
    let until = format!("tx.height<={last}");
    let mut queries = vec![
        format!("{sent} AND {until}"),
        format!("{sent} AND message.sender='{owner}' AND {until}"),
        format!("{sent} AND tx.fee_payer='{owner}'"),
        format!("tx.acc_seq='{owner}' AND {until}"),
        format!("tx.acc_seq='{owner}/2'"),
        format!("tx.acc_seq='{}'", &owner[..owner.len() - 1]),
        format!("transfer.sender='{owner}' AND transfer.recipient EXISTS AND {until}"),
        format!("transfer.amount CONTAINS 'usouk' AND {until}"),
        format!("transfer.msg_index>=0 AND {until}"),
    ];
    queries.extend(
        [
            "tm.event='Tx'",
            "transfer.amount>1",
            "transfer.amount=1",
            "transfer EXISTS",
            "tx.hash='ab'",
            "tx.hash='zz'",
            "tx.hash=''",
            "tx.hash EXISTS",
            "transfer.amount>'1'",
            "transfer.amount CONTAINS 1",
            "no query",
            "transfer.msg_index>-1",
            "transfer.msg_index>+0",
            "transfer/msg_index=0",
            "0transfer.msg_index=0",
            "AND=0",
            "transfer.msg_index=0 ANDtx.height=2",
            "transfer.msg_index=0AND tx.height=2",
            "transfer.msg_index='0'AND tx.height=2",
        ]
        .map(str::to_owned),
    );
    queries.extend(of_heights(last));
    queries.extend((1..=last.min(40)).map(|height| format!("tx.height={height}")));
    queries
}

/// Heights as numbers and in quotes, alone and beside each other and conditions of events.
fn of_heights(last: u64) -> Vec<String> {
    let owner = address(Who::Owner);
    let sent = "message.action='/cosmwasm.wasm.v1.MsgExecuteContract'";
    // Of blocks, and 0, of which there is none.
    let heights = [2, last / 2, last, 0].map(|h| h.to_string());
    let mut queries = Vec::new();
    for h in heights {
        let (next, part) = (format!("{h}1"), &h[..1]);
        queries.extend([
            format!("tx.height='{h}'"),
            format!("tx.height='0{h}'"),
            format!("tx.height=0{h}"),
            format!("tx.height='{h}.5'"),
            format!("tx.height='{h}/{h}'"),
            format!("tx.height='{h}' AND tx.height='{h}'"),
            format!("tx.height='{h}' AND tx.height={h}"),
            format!("tx.height='{h}' AND tx.height={next}"),
            format!("tx.height={next} AND tx.height='{h}'"),
            format!("tx.height='x' AND tx.height='{h}'"),
            format!("tx.height='' AND tx.height={h}"),
            format!("tx.height='{h}' AND tx.height>={h} AND tx.height<={last}"),
            format!("tx.height<={h} AND tx.height='{last}'"),
            format!("tx.height='{h}' AND tx.height EXISTS AND tx.height<={last}"),
            format!("tx.height CONTAINS '{part}' AND tx.height<={last}"),
            format!("{sent} AND tx.height='{h}' AND tx.height<={last}"),
            format!("{sent} AND tx.height='{h}' AND tx.height<={h}"),
            format!("{sent} AND tx.height CONTAINS '{h}'"),
            format!("message.action='/cosmwasm.wasm.v1.MsgExecuteContract/{h}'"),
            format!("tx.acc_seq='{owner}' AND tx.height='{h}'"),
            format!("tx.acc_seq EXISTS AND tx.height='{h}'"),
            format!("tx.height='{h}' AND transfer.msg_index>=0"),
            format!("tx.height='{h}' AND transfer.msg_index>=0 AND transfer.sender='{owner}'"),
            format!("transfer.amount CONTAINS 'usouk' AND tx.height='{h}'"),
        ]);
        for height in [
            format!("'{h}'"),
            h.clone(),
            format!("'0{h}'"),
            format!("'+{h}'"),
            format!("'-{h}'"),
            format!("' {h}'"),
            format!("'{h}.5'"),
            format!("'{h}e0'"),
            format!("'{h}x'"),
            format!("'x' AND tx.height={h}"),
            format!("'{h}' AND tx.height='{next}'"),
        ] {
            queries.push(format!("{sent} AND tx.height={height}"));
            queries.push(format!("tx.height={height} AND transfer.msg_index='0'"));
        }
    }
    queries.extend([
        format!("tx.height>={last} AND tx.height>2 AND tx.height<={last}"),
        format!("tx.height>2 AND tx.height>={last} AND tx.height<={last}"),
        "transfer.msg_index>=5 AND transfer.msg_index>0".to_owned(),
        "transfer.msg_index>5 AND transfer.msg_index>=0".to_owned(),
        "transfer.msg_index>=1 AND transfer.msg_index>0 AND tx.height='0'".to_owned(),
        "tx.height='99999999999999999999'".to_owned(),
        format!("{sent} AND tx.height='99999999999999999999'"),
        format!("{sent} AND tx.height=99999999999999999999"),
    ]);
    queries
}

/// Plays calls and searches to both.
pub async fn compare(pair: &mut Pair) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let [real, dev] = pair.urls();
    let (real, dev) = (Node::at(real).await, Node::at(dev).await);
    for (real, dev) in real.readings().await.into_iter().zip(dev.readings().await) {
        pair.tally.queries += 1;
        if real != dev {
            pair.differences.push(format!("wasmd reads {real}\ndevchain {dev}"));
        }
    }
    for query in searches(pair.height()) {
        pair.tally.queries += 1;
        let mut found = [Value::Null, Value::Null];
        for _ in 0..TRIES {
            found = [real.found(&query).await, dev.found(&query).await];
            if found[0] == found[1] {
                break;
            }
            tokio::time::sleep(WAIT).await;
        }
        if found[0] != found[1] {
            let [real, dev] = found;
            pair.differences.push(format!("{query} finds {real} on wasmd, {dev} on devchain"));
        }
    }
}
