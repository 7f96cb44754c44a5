//! A wallet and a plain client, so that tests speak to the chain as a stranger would.
#![allow(clippy::unwrap_used, dead_code)]

pub mod tester;

use base64::{Engine, prelude::BASE64_STANDARD};
use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::{
    MsgSend, QueryBalanceRequest, QueryBalanceResponse, QuerySupplyOfRequest, QuerySupplyOfResponse,
};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, SimulateRequest, TxBody, TxRaw, mode_info,
};
use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use cosmwasm_std::{Coin, coins};
use cw_multi_test::ContractWrapper;
use k256::ecdsa::{Signature, SigningKey, signature::Signer};
use prost::{Message, Name};
use serde_json::{Value, json};
use souk_devchain::address::{self, AddressCodec};
use souk_devchain::{Devchain, Handle};

pub const CHAIN_ID: &str = "souk-test";
pub const DENOM: &str = "usouk";
pub const START: u128 = 1_000_000_000;

/// A key and its address.
#[derive(Clone)]
pub struct Wallet {
    pub key: SigningKey,
    pub address: String,
    pub account_number: u64,
}

impl Wallet {
    /// The wallet of a name; always the same.
    pub fn named(name: &str, account_number: u64) -> Self {
        use sha2::Digest;
        let seed = sha2::Sha256::digest(name);
        let key = SigningKey::from_slice(&seed).unwrap();
        let codec = AddressCodec::new("souk").unwrap();
        let address = codec.encode(&address::of_public_key(&public_key(&key)));
        Self { key, address, account_number }
    }

    pub fn send(&self, to: &str, amount: u128) -> Any {
        any(MsgSend {
            from_address: self.address.clone(),
            to_address: to.into(),
            amount: vec![proto_coin(amount)],
        })
    }

    pub fn instantiate(&self, code_id: u64, msg: &Value) -> Any {
        any(wasm::MsgInstantiateContract {
            sender: self.address.clone(),
            admin: self.address.clone(),
            code_id,
            label: "test".into(),
            msg: msg.to_string().into_bytes(),
            funds: vec![],
        })
    }

    pub fn execute(&self, contract: &str, msg: &Value, funds: u128) -> Any {
        any(wasm::MsgExecuteContract {
            sender: self.address.clone(),
            contract: contract.into(),
            msg: msg.to_string().into_bytes(),
            funds: if funds == 0 { vec![] } else { vec![proto_coin(funds)] },
        })
    }
}

pub fn proto_coin(amount: u128) -> ProtoCoin {
    ProtoCoin { denom: DENOM.into(), amount: amount.to_string() }
}

pub fn any<M: Message + Name>(message: M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

fn public_key(key: &SigningKey) -> Vec<u8> {
    key.verifying_key().to_encoded_point(true).as_bytes().to_vec()
}

/// Fields of a body since SDK 0.53.
#[derive(Clone, PartialEq, Message)]
pub struct NewerBody {
    #[prost(bool, tag = "4")]
    pub unordered: bool,
    #[prost(message, optional, tag = "5")]
    pub timeout_timestamp: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Timestamp {
    pub fn of(ns: u64) -> Self {
        Self { seconds: (ns / 1_000_000_000) as i64, nanos: (ns % 1_000_000_000) as i32 }
    }
}

/// A transaction to be signed; tests change what they need.
#[derive(Clone)]
pub struct Draft {
    pub messages: Vec<Any>,
    pub sequence: u64,
    pub gas: u64,
    pub fee: u128,
    pub memo: String,
    pub timeout_height: u64,
    pub newer: NewerBody,
    pub extensions: Vec<Any>,
    pub chain_id: String,
}

impl Draft {
    pub fn new(messages: Vec<Any>, sequence: u64) -> Self {
        Self {
            messages,
            sequence,
            gas: 2_000_000,
            fee: 50_000,
            memo: String::new(),
            timeout_height: 0,
            newer: NewerBody::default(),
            extensions: Vec::new(),
            chain_id: CHAIN_ID.into(),
        }
    }

    pub fn sign(&self, wallet: &Wallet) -> Vec<u8> {
        self.sign_as(&[(wallet, self.sequence)])
    }

    /// Signed by several, each with its sequence.
    pub fn sign_as(&self, signers: &[(&Wallet, u64)]) -> Vec<u8> {
        let raw = self.unsigned(signers);
        let signatures = signers
            .iter()
            .map(|(wallet, _)| {
                let doc = SignDoc {
                    body_bytes: raw.body_bytes.clone(),
                    auth_info_bytes: raw.auth_info_bytes.clone(),
                    chain_id: self.chain_id.clone(),
                    account_number: wallet.account_number,
                };
                let signature: Signature = wallet.key.sign(&doc.encode_to_vec());
                signature.to_bytes().to_vec()
            })
            .collect();
        TxRaw { signatures, ..raw }.encode_to_vec()
    }

    /// For simulation: signers without signatures.
    pub fn unsigned(&self, signers: &[(&Wallet, u64)]) -> TxRaw {
        let body = TxBody {
            messages: self.messages.clone(),
            memo: self.memo.clone(),
            timeout_height: self.timeout_height,
            extension_options: self.extensions.clone(),
            ..TxBody::default()
        };
        let signer_infos = signers
            .iter()
            .map(|(wallet, sequence)| SignerInfo {
                public_key: Some(any(PubKey { key: public_key(&wallet.key) })),
                mode_info: Some(ModeInfo {
                    sum: Some(mode_info::Sum::Single(mode_info::Single { mode: 1 })),
                }),
                sequence: *sequence,
            })
            .collect();
        let auth = AuthInfo {
            signer_infos,
            fee: Some(Fee {
                amount: if self.fee == 0 { vec![] } else { vec![proto_coin(self.fee)] },
                gas_limit: self.gas,
                ..Fee::default()
            }),
            ..AuthInfo::default()
        };
        TxRaw {
            body_bytes: [body.encode_to_vec(), self.newer.encode_to_vec()].concat(),
            auth_info_bytes: auth.encode_to_vec(),
            signatures: signers.iter().map(|_| Vec::new()).collect(),
        }
    }
}

/// A plain JSON-RPC client.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub http: reqwest::Client,
}

impl Client {
    pub fn new(url: impl Into<String>) -> Self {
        // Fails only when another test has installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { url: url.into(), http: reqwest::Client::new() }
    }

    /// The whole answer, errors included.
    pub async fn raw(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let response = self.http.post(&self.url).json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.raw(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub async fn broadcast(&self, bytes: &[u8]) -> Value {
        let tx = BASE64_STANDARD.encode(bytes);
        self.call("broadcast_tx_sync", json!({ "tx": tx })).await
    }

    pub async fn abci<Q: Message, A: Message + Default>(&self, path: &str, query: Q) -> A {
        let response = self.abci_raw(path, &query.encode_to_vec(), 0).await;
        assert_eq!(response["code"], 0, "{path}: {response}");
        decode_value(&response)
    }

    pub async fn abci_raw(&self, path: &str, data: &[u8], height: u64) -> Value {
        let params =
            json!({ "path": path, "data": hex::encode(data), "height": height.to_string() });
        self.call("abci_query", params).await["response"].clone()
    }

    pub async fn balance(&self, address: &str) -> u128 {
        let query = QueryBalanceRequest { address: address.into(), denom: DENOM.into() };
        let answer: QueryBalanceResponse =
            self.abci("/cosmos.bank.v1beta1.Query/Balance", query).await;
        answer.balance.unwrap().amount.parse().unwrap()
    }

    pub async fn smart(&self, contract: &str, msg: &Value) -> Value {
        let query = wasm::QuerySmartContractStateRequest {
            address: contract.into(),
            query_data: msg.to_string().into_bytes(),
        };
        let answer: wasm::QuerySmartContractStateResponse =
            self.abci("/cosmwasm.wasm.v1.Query/SmartContractState", query).await;
        serde_json::from_slice(&answer.data).unwrap()
    }
}

/// Decodes the value of an abci_query response.
pub fn decode_value<A: Message + Default>(response: &Value) -> A {
    let value = response["value"].as_str().unwrap_or_default();
    A::decode(BASE64_STANDARD.decode(value).unwrap().as_slice()).unwrap()
}

pub fn cw20() -> Box<dyn cw_multi_test::Contract<cosmwasm_std::Empty>> {
    Box::new(
        ContractWrapper::new_with_empty(
            cw20_base::contract::execute,
            cw20_base::contract::instantiate,
            cw20_base::contract::query,
        )
        .with_migrate_empty(cw20_base::contract::migrate),
    )
}

/// A running chain with wallets ann (0), bob (1) and cid (2), blocks on demand, and cw20-base as code 1.
pub struct Environment {
    pub chain: Handle,
    pub client: Client,
    pub ann: Wallet,
    pub bob: Wallet,
    pub cid: Wallet,
}

pub fn builder() -> Devchain {
    let accounts = ["ann", "bob", "cid"];
    accounts.iter().enumerate().fold(
        Devchain::builder()
            .chain_id(CHAIN_ID)
            .genesis_time(1_700_000_000)
            .on_demand(std::time::Duration::from_secs(5))
            .code("cw20-base", cw20),
        |chain, (number, name)| {
            let wallet = Wallet::named(name, number as u64);
            chain.account(wallet.address, coins(START, DENOM))
        },
    )
}

impl Environment {
    pub async fn start() -> Self {
        Self::with(builder()).await
    }

    pub async fn with(chain: Devchain) -> Self {
        let chain = chain.start().await.unwrap();
        Self {
            client: Client::new(chain.rpc_url()),
            chain,
            ann: Wallet::named("ann", 0),
            bob: Wallet::named("bob", 1),
            cid: Wallet::named("cid", 2),
        }
    }

    /// Broadcasts, makes a block, and returns the result of the transaction in it.
    pub async fn deliver(&self, bytes: &[u8]) -> Value {
        let checked = self.client.broadcast(bytes).await;
        assert_eq!(checked["code"], 0, "check: {checked}");
        self.chain.produce_block().await.unwrap();
        let results = self.client.call("block_results", json!({})).await;
        results["txs_results"][0].clone()
    }

    /// Like `deliver` for a transaction that must succeed.
    pub async fn run(&self, wallet: &Wallet, sequence: u64, messages: Vec<Any>) -> Value {
        let result = self.deliver(&Draft::new(messages, sequence).sign(wallet)).await;
        assert_eq!(result["code"], 0, "{result}");
        result
    }

    /// A token that ann holds 1000 of; uses her sequence 0.
    pub async fn token(&self) -> String {
        let msg = json!({
            "name": "Token", "symbol": "TOK", "decimals": 0,
            "initial_balances": [{ "address": self.ann.address, "amount": "1000" }],
        });
        let result = self.run(&self.ann, 0, vec![self.ann.instantiate(1, &msg)]).await;
        attribute(&result, "instantiate", "_contract_address")
    }

    /// Simulates; the whole abci_query response.
    pub async fn simulate(&self, draft: &Draft, sequence: u64) -> Value {
        let tx_bytes = draft.unsigned(&[(&self.ann, sequence)]).encode_to_vec();
        let request = SimulateRequest { tx_bytes, ..SimulateRequest::default() };
        let path = "/cosmos.tx.v1beta1.Service/Simulate";
        self.client.abci_raw(path, &request.encode_to_vec(), 0).await
    }

    /// The supply that the bank reports.
    pub async fn supply(&self) -> u128 {
        let query = QuerySupplyOfRequest { denom: DENOM.into() };
        let answer: QuerySupplyOfResponse =
            self.client.abci("/cosmos.bank.v1beta1.Query/SupplyOf", query).await;
        answer.amount.unwrap().amount.parse().unwrap()
    }

    /// Sum of all balances of the denom.
    pub async fn total(&self) -> u128 {
        let balances: Vec<(String, Coin)> = self.chain.balances().await.unwrap();
        balances
            .iter()
            .filter(|(_, coin)| coin.denom == DENOM)
            .map(|(_, coin)| coin.amount.u128())
            .sum()
    }
}

/// The first attribute of the first event of a type.
pub fn attribute(result: &Value, ty: &str, key: &str) -> String {
    let events = result["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["type"] == ty).unwrap();
    let attributes = event["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

pub fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
