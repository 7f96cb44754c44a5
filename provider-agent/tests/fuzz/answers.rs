//! Answers of the chain's nodes, through the client to what the agent stores of them.

use std::sync::LazyLock;

use bolero::check;
use serde_json::Value;
use souk_chain::{Client, ClientConfig, TxHash};
use souk_core::{AccountId, DeploymentId, limits::check_group};
use souk_provider::{
    config::Config,
    market::{Market, rebuild::rebuild},
    store::{Store, bids, leases, orders, pending},
};

use crate::{
    edits::{Cut, Edit, cut, edit},
    lease::{self, ADDRESS, CHAIN},
    measure::{Alone, Limit, alone},
    node::{self, Answers, Good, HEAD},
    objects::LEASE,
};

/// An answer is there twice as bytes, as text of base64, and as values; what is asked more than once, as
/// after a fault, is there once for each.
const LIMIT: Limit = Limit { base: 4 << 20, per_byte: 256 };

/// Of answers of megabytes that are made to cost memory. The most results of transactions that a block can
/// have are the base.
const COSTLY: Limit = Limit { base: 64 << 20, per_byte: 48 };
/// The bytes of such an answer.
const BYTES: usize = 2 << 20;

struct Fixture {
    runtime: tokio::runtime::Runtime,
    answers: Answers,
    client: Client,
    market: Market,
    _config: Config,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (port, answers) = runtime.block_on(node::start());
    let config = lease::config(std::path::Path::new("/nowhere"), port);
    let at_once = std::time::Duration::ZERO;
    let settings = ClientConfig {
        first_backoff: at_once,
        max_backoff: at_once,
        ..ClientConfig::new(CHAIN, &config.chain.rpc)
    };
    let client = Client::new(settings).unwrap();
    let market = Market::new(client.query(), config.chain.contracts().clone(), ADDRESS);
    Fixture { runtime, answers, client, market, _config: config }
});

/// What is asked, and by which answers.
const QUESTIONS: [(&str, &[&str]); 27] = [
    ("status", &["status"]),
    ("health", &["health"]),
    ("genesis", &["genesis"]),
    ("header", &["header"]),
    ("block", &["block"]),
    ("block_results", &["block_results"]),
    ("tx", &["tx"]),
    ("broadcast", &["broadcast_tx_sync"]),
    ("order", &["order"]),
    ("orders", &["orders"]),
    ("lease", &["lease"]),
    ("leases", &["leases"]),
    ("own lease", &["leases"]),
    ("bid", &["bid"]),
    ("lowest bid", &["bids"]),
    ("bids", &["AllContractState"]),
    ("eligible", &["eligible"]),
    ("deployment", &["deployment"]),
    ("account", &["account"]),
    ("controller", &["config"]),
    ("registration", &["provider"]),
    ("record", &["RawContractState"]),
    ("stats", &["RawContractState"]),
    ("attestations", &["attestations"]),
    ("attestation", &["check"]),
    ("rebuild", &["leases", "orders", "RawContractState", "AllContractState", "status"]),
    ("chain account", &["Account"]),
];

/// The question and the answer that is edited; edits of each layer: the contract's JSON and its bytes, the
/// protobuf, the node's JSON and its bytes.
type Edited = (u8, u8, Vec<Edit>, Vec<Cut>, Vec<Cut>, Vec<Edit>, Vec<Cut>);

#[test]
fn any_edited_answers() {
    let alone = alone();
    check!().with_iterations(400).with_type::<Edited>().for_each(|edited: &Edited| {
        let (question, keys) = QUESTIONS[usize::from(edited.0) % QUESTIONS.len()];
        let key = keys[usize::from(edited.1) % keys.len()];
        let body = body(question, key, edited);
        let _ = ask(&alone, question, key, body);
    });
}

#[test]
fn any_answer_bytes() {
    let alone = alone();
    check!().with_iterations(200).with_type::<(u8, bool, Vec<u8>)>().for_each(
        |(question, within_rpc, bytes): &(u8, bool, Vec<u8>)| {
            let (question, keys) = QUESTIONS[usize::from(*question) % QUESTIONS.len()];
            let body = if *within_rpc { node::envelope(node::abci(bytes)) } else { bytes.clone() };
            let _ = ask(&alone, question, keys[0], body);
        },
    );
}

#[test]
fn the_good_answers_are_read() {
    let alone = alone();
    for (question, keys) in QUESTIONS {
        let good = (0, 0, vec![], vec![], vec![], vec![], vec![]);
        if question != "chain account" {
            let answer = ask(&alone, question, keys[0], body(question, keys[0], &good));
            assert!(answer.is_ok(), "{question}: {answer:?}");
        }
    }
}

/// What a node can write to cost memory: lists of the shortest entries.
#[test]
fn answers_that_are_made_to_cost_memory_take_a_small_multiple_of_their_bytes() {
    let alone = alone();
    let many = |entry: &str| vec![entry; BYTES / (entry.len() + 1)].join(",");
    let results = |fields: String| format!(r#"{{"height":"7",{fields}}}"#);
    let event = |attributes: String| format!(r#"[{{"type":"a","attributes":[{attributes}]}}]"#);
    let block = |txs: String| {
        format!(
            r#"{{"block":{{"header":{{"chain_id":"{CHAIN}","height":"7","time":"2026-11-29T10:00:00Z"}},"data":{{"txs":[{txs}]}}}}}}"#
        )
    };
    let stored = node::abci(&[0x0a, 0].repeat(BYTES / 3)).to_string();
    let of_contract = |text: String| node::abci(&node::answered(text.into_bytes())).to_string();
    for (question, key, result) in [
        ("block_results", "block_results", results(format!(r#""txs_results":[{}]"#, many("{}")))),
        (
            "block_results",
            "block_results",
            results(format!(r#""txs_results":[{{"events":[{}]}}]"#, many(r#"{"type":""}"#))),
        ),
        (
            "block_results",
            "block_results",
            results(format!(r#""end_block_events":{}"#, event(many(r#"{"key":""}"#)))),
        ),
        ("block", "block", block(many(r#""""#))),
        ("health", "health", format!("[{}]", many("0"))),
        ("tx", "tx", format!("[{}]", many("[]"))),
        ("bids", "AllContractState", stored),
        ("leases", "leases", of_contract(format!(r#"{{"leases":[{}]}}"#, many("{}")))),
        (
            "attestations",
            "attestations",
            of_contract(format!(r#"{{"attestations":[{}]}}"#, many(r#""""#))),
        ),
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#).into_bytes();
        let fixture = &*FIXTURE;
        alone.within(COSTLY, body.len(), || {
            fixture.answers.lock().unwrap().insert(key.to_owned(), body);
            drop(fixture.runtime.block_on(asked(question, fixture)));
            fixture.answers.lock().unwrap().clear();
        });
    }
    let error =
        format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":1,"data":[{}]}}}}"#, many("[]"));
    let _ = ask(&alone, "status", "health", error.into_bytes());
}

/// The body of an answer, each layer edited.
fn body(
    question: &str,
    key: &str,
    (_, _, of_value, of_text, of_proto, of_rpc, of_bytes): &Edited,
) -> Vec<u8> {
    let json = |mut value: Value| {
        edit(&mut value, of_value);
        let mut text = value.to_string().into_bytes();
        cut(&mut text, of_text);
        text
    };
    let proto = |mut bytes: Vec<u8>| {
        cut(&mut bytes, of_proto);
        node::abci(&bytes)
    };
    let mut body = match (question, node::good(key)) {
        ("record", _) => proto(node::raw(json(serde_json::to_value(node::record()).unwrap()))),
        ("attestation", _) => {
            proto(node::answered(json(serde_json::to_value(node::attested()).unwrap())))
        }
        (_, Some(Good::Rpc(value))) => value,
        (_, Some(Good::Proto(bytes))) => proto(bytes),
        (_, Some(Good::Contract(value))) => proto(node::answered(json(value))),
        (_, Some(Good::Raw(value))) => proto(node::raw(json(value))),
        (_, None) => proto(json(serde_json::json!({ "a": [1, "b"] }))),
    };
    edit(&mut body, of_rpc);
    let mut body = node::envelope(body);
    cut(&mut body, of_bytes);
    body
}

/// Asks, while the node answers one question so; what is made of the answer is bounded by its size.
fn ask(alone: &Alone, question: &str, key: &str, body: Vec<u8>) -> Result<String, String> {
    let (fixture, bytes) = (&*FIXTURE, body.len());
    alone.within(LIMIT, bytes, || {
        fixture.answers.lock().unwrap().insert(key.to_owned(), body);
        let answer = fixture.runtime.block_on(put(question, fixture));
        fixture.answers.lock().unwrap().clear();
        let size = match &answer {
            Ok(text) | Err(text) => text.len(),
        };
        assert!(size <= 16_384 + 32 * bytes, "{question}: {size} bytes of {bytes}");
        answer
    })
}

/// Puts a question; its answer or error as text.
async fn put(question: &str, fixture: &Fixture) -> Result<String, String> {
    let show = |answer: Box<dyn std::fmt::Debug>| format!("{answer:?}");
    asked(question, fixture).await.map(show).map_err(show)
}

type Shown = Box<dyn std::fmt::Debug>;

/// Puts a question; its answer or error.
async fn asked(question: &str, fixture: &Fixture) -> Result<Shown, Shown> {
    macro_rules! text {
        ($asked:expr) => {
            match $asked.await {
                Ok(answer) => Ok(Box::new(answer) as Shown),
                Err(error) => Err(Box::new(error) as Shown),
            }
        };
    }
    let (client, market) = (&fixture.client, &fixture.market);
    let orderbook = &market.orderbook;
    match question {
        "status" => text!(client.status()),
        "health" => text!(client.health()),
        "genesis" => text!(client.genesis()),
        "header" => text!(client.header(HEAD)),
        "block" => text!(client.block(HEAD)),
        "block_results" => text!(client.block_results(HEAD)),
        "tx" => text!(client.tx(&TxHash::of(b"a transaction"))),
        "broadcast" => text!(async { client.broadcast_everywhere(b"a transaction").await.reply }),
        "order" => text!(orderbook.order(LEASE)),
        "orders" => text!(orderbook.orders_after(None)),
        "lease" => text!(orderbook.lease(LEASE)),
        "leases" => text!(market.leases_after(None)),
        "own lease" => text!(market.own_lease(LEASE)),
        "bid" => text!(market.own_bid(LEASE)),
        "lowest bid" => text!(orderbook.lowest_bid(LEASE)),
        "bids" => text!(market.bids_page(None)),
        "eligible" => text!(market.eligible(LEASE)),
        "deployment" => text!(orderbook.deployment(DeploymentId(3))),
        "account" => text!(market.escrow.account(AccountId(3))),
        "controller" => text!(market.controller_index()),
        "registration" => text!(market.registration()),
        "record" => text!(market.provider_record()),
        "stats" => text!(market.provider_stats()),
        "attestations" => text!(market.attestations_after(None)),
        "attestation" => text!(market.attestations_of(&[ADDRESS.to_owned()])),
        "chain account" => text!(market.queries().account(ADDRESS)),
        _ => rebuilt(client, market)
            .await
            .map(|text| Box::new(text) as Shown)
            .map_err(|text| Box::new(text) as Shown),
    }
}

/// Fills an empty store from the answers, and reads it.
async fn rebuilt(client: &Client, market: &Market) -> Result<String, String> {
    let folder = lease::folder();
    let store = Store::open(&folder.path().join("rebuilt.db")).unwrap();
    let cursor = match rebuild(market, client, &store).await {
        Ok(cursor) => cursor,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.starts_with("store"), "the store takes whatever can be read: {text}");
            return Err(text);
        }
    };
    let rows = store.read(|sql| {
        let lists = (orders::open(sql)?, bids::all(sql)?, leases::all(sql)?);
        Ok::<_, souk_provider::store::StoreError>((lists, pending::list(sql, 1_000)?))
    });
    let rows = rows.await.expect("what was written can be read");
    for detail in rows.0.0.iter().filter_map(|order| order.detail.as_ref()) {
        check_group(&detail.spec).expect("an order within the market's limits");
    }
    Ok(format!("{cursor:?} {rows:?}"))
}
