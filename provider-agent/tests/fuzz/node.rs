//! A node of the chain at a port of this machine: it answers well, but for the answers that it is given.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, routing::post};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use cosmrs::proto::{
    cosmos::base::query::v1beta1::PageResponse, cosmwasm::wasm::v1 as wasm, traits::Message,
};
use serde_json::{Value, json};
use souk_api::{
    attestations::{CheckResponse, CheckedResponse},
    orderbook::{DeploymentState, GroupState, LeaseState, OrderState},
    published::{AttestedValue, ProviderRecord, ProviderStats, VERSION},
};
use souk_core::{Amount, AuctionPolicy, Denom, Price, Rate};
use tokio::net::TcpListener;

use crate::{
    lease::{self, ADDRESS, CHAIN, Leased},
    objects::LEASE,
};

/// The height of the newest block.
pub const HEAD: u64 = 7;

/// What the node answers to which question, as the bytes of the body.
pub type Answers = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Starts it; returns its port and the answers that are not the good ones.
pub async fn start() -> (u16, Answers) {
    let answers = Answers::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&answers));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, answers)
}

async fn answer(State(answers): State<Answers>, body: Bytes) -> Vec<u8> {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let (key, is_last) = key(&request);
    let other = answers.lock().unwrap().get(&key).cloned();
    if is_last {
        // Lists end after their first page.
        return envelope(contract_answer(
            &json!({ "leases": [], "orders": [], "attestations": [] }),
        ));
    }
    other.unwrap_or_else(|| good(&key).map_or_else(|| envelope(absent()), |good| good.body()))
}

/// The question's name, and whether it asks for what comes after a page.
fn key(request: &Value) -> (String, bool) {
    let method = request["method"].as_str().unwrap_or_default();
    if method != "abci_query" {
        return (method.to_owned(), false);
    }
    let path = request["params"]["path"].as_str().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let data = hex::decode(request["params"]["data"].as_str().unwrap_or_default()).unwrap();
    if name != "SmartContractState" {
        return (name.to_owned(), false);
    }
    let asked = wasm::QuerySmartContractStateRequest::decode(data.as_slice()).unwrap();
    let asked: Value = serde_json::from_slice(&asked.query_data).unwrap();
    let (name, fields) = asked.as_object().and_then(|fields| fields.iter().next()).unwrap();
    let pages = ["leases", "orders", "attestations"].contains(&name.as_str());
    (name.clone(), pages && !fields["start_after"].is_null() && fields["limit"] != json!(1))
}

/// A good answer, in its layers.
pub enum Good {
    /// Of the node itself.
    Rpc(Value),
    /// Of the application, in protobuf.
    Proto(Vec<u8>),
    /// Of a contract, as JSON within protobuf.
    Contract(Value),
    /// What is stored in a contract, as JSON within protobuf.
    Raw(Value),
}

impl Good {
    fn body(&self) -> Vec<u8> {
        match self {
            Self::Rpc(result) => envelope(result.clone()),
            Self::Proto(value) => envelope(abci(value)),
            Self::Contract(value) => envelope(contract_answer(value)),
            Self::Raw(value) => envelope(abci(&raw(value.to_string().into_bytes()))),
        }
    }
}

/// JSON-RPC around a result.
pub fn envelope(result: Value) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string().into_bytes()
}

/// The application's answer with these bytes.
pub fn abci(value: &[u8]) -> Value {
    json!({ "response": { "code": 0, "log": "", "codespace": "", "height": HEAD.to_string(),
        "value": BASE64_STANDARD.encode(value) } })
}

/// The bytes of a contract's answer.
pub fn answered(data: Vec<u8>) -> Vec<u8> {
    wasm::QuerySmartContractStateResponse { data }.encode_to_vec()
}

/// The bytes of what a contract has stored.
pub fn raw(data: Vec<u8>) -> Vec<u8> {
    wasm::QueryRawContractStateResponse { data }.encode_to_vec()
}

fn contract_answer(value: &Value) -> Value {
    abci(&answered(value.to_string().into_bytes()))
}

fn absent() -> Value {
    json!({ "response": { "code": 22, "codespace": "wasm", "log": "no such contract", "height": "7" } })
}

/// The good answer to a question, if it has one.
pub fn good(key: &str) -> Option<Good> {
    let time = "2026-11-29T10:00:00.000000007Z";
    let header = json!({ "chain_id": CHAIN, "height": HEAD.to_string(), "time": time });
    Some(match key {
        "status" => Good::Rpc(json!({ "node_info": { "network": CHAIN, "version": "0.38.17" },
            "sync_info": { "latest_block_height": HEAD.to_string(), "latest_block_time": time,
                "earliest_block_height": "1", "catching_up": false } })),
        "health" => Good::Rpc(json!({})),
        "genesis" => {
            Good::Rpc(json!({ "genesis": { "chain_id": CHAIN, "app_state": { "bank": [1, 2] } } }))
        }
        "header" => Good::Rpc(json!({ "header": header })),
        "block" => Good::Rpc(json!({ "block_id": { "hash": "AB" }, "block": { "header": header,
            "data": { "txs": [BASE64_STANDARD.encode(b"a transaction")] }, "evidence": { "evidence": [] } } })),
        "block_results" => {
            Good::Rpc(json!({ "height": HEAD.to_string(), "txs_results": [tx_result()],
            "finalize_block_events": [event("mint")], "begin_block_events": null, "validator_updates": [] }))
        }
        "tx" => Good::Rpc(
            json!({ "hash": "AB", "height": HEAD.to_string(), "index": 0, "tx_result": tx_result() }),
        ),
        "broadcast_tx_sync" => {
            Good::Rpc(json!({ "code": 0, "data": "", "log": "", "codespace": "", "hash": "AB" }))
        }
        "RawContractState" => Good::Raw(record_and_stats()),
        "AllContractState" => Good::Proto(storage()),
        _ => Good::Contract(of_contract(key, &lease::leased())?),
    })
}

fn event(ty: &str) -> Value {
    json!({ "type": ty, "attributes": [{ "key": "amount", "value": "5usouk", "index": true }] })
}

fn tx_result() -> Value {
    json!({ "code": 0, "data": "CgA=", "log": "[]", "info": "", "gas_wanted": "100000", "gas_used": "70000",
        "events": [event("tx"), event("transfer")], "codespace": "" })
}

/// One value for whoever reads the registry's record or the orderbook's stats: each passes over the other's fields.
fn record_and_stats() -> Value {
    let mut both = serde_json::to_value(record()).unwrap();
    let stats = serde_json::to_value(stats()).unwrap();
    both.as_object_mut().unwrap().extend(stats.as_object().unwrap().clone());
    both
}

/// Slots in use, so that a rebuild looks for bids.
pub fn stats() -> ProviderStats {
    ProviderStats {
        v: VERSION,
        used: 2,
        won: 1,
        active: 1,
        closed: [0; 6],
        ..ProviderStats::default()
    }
}

/// What the registry publishes.
pub fn record() -> ProviderRecord {
    ProviderRecord {
        v: VERSION,
        operator: ADDRESS.into(),
        payee: ADDRESS.into(),
        bond: Amount::new(1_000).unwrap(),
        slots: 4,
        maintenance: false,
        slashes: 0,
        floors: None,
        quote_key: None,
        attributes: vec![souk_core::Attribute::new("region", "eu-west")],
    }
}

/// What an auditor attests.
pub fn attested() -> CheckResponse {
    let value =
        AttestedValue { key: "region".into(), value: "eu-west".into(), expires_at: 1 << 40 };
    CheckResponse {
        auditors: vec![CheckedResponse { auditor: ADDRESS.into(), values: vec![value] }],
    }
}

/// A page of the orderbook's storage with a bid of the provider.
fn storage() -> Vec<u8> {
    let order = 9u64.to_be_bytes();
    let key = [&[0, 1, b't', 0, 8][..], &order, ADDRESS.as_bytes()].concat();
    let value = json!({ "r": Price::new(90).unwrap() }).to_string().into_bytes();
    let pagination = Some(PageResponse { next_key: vec![], total: 0 });
    let models = vec![wasm::Model { key, value }];
    wasm::QueryAllContractStateResponse { models, pagination }.encode_to_vec()
}

fn of_contract(name: &str, leased: &Leased) -> Option<Value> {
    let lease = &leased.lease;
    let (tenant, denom, price) = (&lease.tenant, Denom::native("usouk"), Price::new(100).unwrap());
    let order = json!({ "id": LEASE, "group": lease.group, "tenant": tenant, "spec": leased.spec, "denom": denom,
        "take_bps": 200, "auction": AuctionPolicy::TenantChoice {}, "state": OrderState::Open, "created_at": 900,
        "expires_at": 9_000, "closes_at": null, "allow": [], "refuse": [], "excluded": [ADDRESS] });
    let own = json!({ "order": LEASE, "group": lease.group, "tenant": tenant, "provider": ADDRESS, "price": price,
        "denom": denom, "account": lease.account, "state": LeaseState::Active, "created_at": 1_000,
        "closed_at": null, "reason": null });
    let bid = json!({ "id": 1, "order": LEASE, "provider": ADDRESS, "price": price, "position": 1,
        "offer": [], "placed_at": 950, "state": "open" });
    let group = json!({ "seq": lease.group.group, "state": GroupState::Open, "spec": leased.spec, "order": LEASE,
        "order_state": OrderState::Open, "excluded": [] });
    let clock =
        json!({ "remaining": "360000", "rate": Rate::from(price), "clock": 10, "anchor": 1_000 });
    Some(match name {
        "order" => order,
        "orders" => json!({ "orders": [order] }),
        "lease" => own,
        "leases" => json!({ "leases": [own] }),
        "bid" => bid,
        "bids" => json!({ "bids": [bid] }),
        "eligible" => json!({ "eligible": false, "reason": "maintenance" }),
        "deployment" => {
            json!({ "id": lease.group.deployment, "tenant": tenant, "delegate": ADDRESS,
            "commitment": lease::commitment_of(&leased.upload), "denom": denom,
            "auction": AuctionPolicy::TenantChoice {}, "state": DeploymentState::Active,
            "account": lease.account, "created_at": 900, "marked_at": null, "groups": [group] })
        }
        "account" => json!({ "id": lease.account, "tenant": tenant, "denom": denom, "clock": clock,
            "balance": Amount::new(100).unwrap(), "withdrawable": Amount::new(90).unwrap(), "reserved": Rate::from(price),
            "depletion": 4_600, "streams": 1, "deposits": 0, "closed": false }),
        "config" => json!({ "guardian": ADDRESS, "fee_collector": ADDRESS, "min_runway": 3_600,
            "controllers": [ADDRESS], "cw20_tokens": [], "paused": false }),
        "provider" => json!({ "provider": ADDRESS, "operator": ADDRESS, "payee": ADDRESS,
            "gateway": { "uri": "https://provider.example.com:8443", "pins": ["00ff"] },
            "contact": { "email": "", "website": "" }, "attributes": record().attributes,
            "bond": Amount::new(1_000).unwrap(), "unbonding": null, "slashes": 0, "maintenance": false,
            "registered": true }),
        "attestations" => json!({ "attestations": [{ "auditor": ADDRESS, "provider": ADDRESS,
            "values": attested().auditors[0].values, "evidence": null }] }),
        _ => return None,
    })
}
