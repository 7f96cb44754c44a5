//! A node that answers queries of contracts as a test says.

use std::{future::Future, sync::Arc};

use axum::{Json, Router, extract::State, routing::post};
use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::proto::{
    cosmwasm::wasm::v1::{
        QueryRawContractStateRequest, QueryRawContractStateResponse,
        QuerySmartContractStateRequest, QuerySmartContractStateResponse,
    },
    traits::Message,
};
use serde_json::{Value, json};
use souk_chain::{Client, ClientConfig, Queries};

const CHAIN: &str = "fake-1";

/// What the node answers.
pub enum Answer {
    /// The contract's answer; of a key that was asked for by `{"raw": HEX}`, the record, or null.
    Json(Value),
    /// Codespace, code and log of a refusal.
    Refused(&'static str, u32, String),
}

type Contract = Arc<dyn Fn(Value) -> Answer + Send + Sync>;

/// The node.
pub struct FakeNode;

impl FakeNode {
    /// Starts it; it ends with the runtime.
    pub fn start(
        contract: impl Fn(Value) -> Answer + Send + Sync + 'static,
    ) -> impl Future<Output = Queries> {
        let contract: Contract = Arc::new(contract);
        async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let router = Router::new().route("/", post(serve)).with_state(contract);
            tokio::spawn(async move { axum::serve(listener, router).await });
            queries(&url)
        }
    }
}

/// Queries at an endpoint.
pub fn queries(url: &str) -> Queries {
    Client::new(ClientConfig::new(CHAIN, vec![url.to_owned()])).unwrap().query()
}

async fn serve(State(contract): State<Contract>, Json(request): Json<Value>) -> Json<Value> {
    let result = match request["method"].as_str().unwrap() {
        "status" => json!({
            "node_info": {"network": CHAIN, "version": "0.38.17"},
            "sync_info": {
                "latest_block_height": "5",
                "latest_block_time": "2026-01-01T00:00:00Z",
                "earliest_block_height": "1",
                "catching_up": false,
            },
        }),
        "abci_query" => json!({"response": answer(&contract, &request["params"])}),
        other => panic!("nobody asks for {other}"),
    };
    Json(json!({"jsonrpc": "2.0", "id": 1, "result": result}))
}

fn answer(contract: &Contract, params: &Value) -> Value {
    let bytes = hex::decode(params["data"].as_str().unwrap()).unwrap();
    if params["path"].as_str().unwrap().ends_with("RawContractState") {
        let asked = QueryRawContractStateRequest::decode(bytes.as_slice()).unwrap();
        let Answer::Json(value) = contract(json!({"raw": hex::encode(asked.query_data)})) else {
            panic!("a node refuses no key");
        };
        let data = if value.is_null() { Vec::new() } else { serde_json::to_vec(&value).unwrap() };
        let bytes = QueryRawContractStateResponse { data }.encode_to_vec();
        return json!({"code": 0, "value": BASE64_STANDARD.encode(bytes), "height": "5"});
    }
    let asked = QuerySmartContractStateRequest::decode(bytes.as_slice()).unwrap();
    match contract(serde_json::from_slice(&asked.query_data).unwrap()) {
        Answer::Json(value) => {
            let data = serde_json::to_vec(&value).unwrap();
            let bytes = QuerySmartContractStateResponse { data }.encode_to_vec();
            json!({"code": 0, "value": BASE64_STANDARD.encode(bytes), "height": "5"})
        }
        Answer::Refused(codespace, code, log) => {
            json!({"code": code, "codespace": codespace, "log": log, "height": "5"})
        }
    }
}
