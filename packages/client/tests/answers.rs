//! Questions to contracts at a fake node: pages that are too large, and each kind of no answer.

#![allow(clippy::unwrap_used)]

mod fake_node;

use std::sync::{Arc, Mutex};

use fake_node::{Answer, FakeNode};
use serde_json::{Value, json};
use souk_api::published::attestation_key;
use souk_client::{
    MarketError,
    market::{Attestations, Escrow, Orderbook, Registry},
};
use souk_core::{
    AccountId, AuctionPolicy, Denom, DeploymentId, GroupId, GroupSeq, GroupSpec, GroupUnit,
    OrderId, Price, Requirements, Resources, Volume,
};

const OUT_OF_GAS: &str = "out of gas in location: wasm contract; gasWanted: 3000000, gasUsed: \
                          3000001: out of gas: unknown request";

fn deposit(number: u64) -> Value {
    let units = "5".to_owned();
    json!({"deposit": number, "depositor": "souk1a", "amount": units, "left": units})
}

/// An escrow with this many deposits, of which no more than `fits` go into one answer; and the
/// limits that were asked for.
async fn escrow(deposits: u64, fits: u64) -> (Escrow, Arc<Mutex<Vec<u64>>>) {
    let limits = Arc::new(Mutex::new(Vec::new()));
    let asked = limits.clone();
    let node = FakeNode::start(move |question| {
        let asks = &question["deposits"];
        let limit = asks["limit"].as_u64().unwrap();
        asked.lock().unwrap().push(limit);
        if limit > fits {
            return Answer::Refused("sdk", 6, OUT_OF_GAS.to_owned());
        }
        let first = asks["start_after"].as_u64().map_or(0, |last| last + 1);
        let page: Vec<Value> = (first..deposits).take(limit as usize).map(deposit).collect();
        Answer::Json(json!({"deposits": page}))
    });
    (Escrow::new(node.await, "souk1escrow"), limits)
}

#[tokio::test]
async fn a_list_is_read_to_its_end_in_pages_as_large_as_the_node_gives() {
    let (escrow, limits) = escrow(30, 25).await;
    let all = escrow.deposits(AccountId(1)).await.unwrap();
    let numbers: Vec<u64> = all.iter().map(|one| u64::from(one.deposit)).collect();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    assert_eq!(limits.lock().unwrap()[..3], [100, 50, 25]);
}

#[tokio::test]
async fn an_entry_that_is_too_large_by_itself_is_an_error() {
    let (escrow, limits) = escrow(1, 0).await;
    let error = escrow.deposits(AccountId(1)).await.unwrap_err();
    assert!(matches!(error, MarketError::OutOfGas { .. }), "{error}");
    assert_eq!(*limits.lock().unwrap(), [100, 50, 25, 12, 6, 3, 1]);
}

#[tokio::test]
async fn no_more_is_read_of_a_list_that_strangers_make_long() {
    let (escrow, limits) = escrow(1_000, 100).await;
    let some = escrow.deposits_up_to(AccountId(1), 150).await.unwrap();
    assert_eq!((some.len(), limits.lock().unwrap().len()), (200, 2));
}

#[tokio::test]
async fn absent_refused_and_unreachable_are_three_errors() {
    let says = |text: &'static str| {
        FakeNode::start(move |_| Answer::Refused("sdk", 6, format!("{text}: unknown request")))
    };
    let nothing = says("order 7 has no lease: query wasm contract failed").await;
    let error = Orderbook::new(nothing, "souk1b").lease(OrderId(7)).await.unwrap_err();
    assert!(matches!(error, MarketError::Absent { .. }), "{error:?}");
    assert_eq!(error.to_string(), "order 7 has no lease");

    let refused = says("Generic error: invalid address: query wasm contract failed").await;
    let error = Registry::new(refused, "souk1r").provider("x").await.unwrap_err();
    assert!(matches!(error, MarketError::Refused(_)), "{error:?}");

    let elsewhere =
        FakeNode::start(|_| Answer::Refused("wasm", 22, "souk1r: no such contract".to_owned()));
    let error = Registry::new(elsewhere.await, "souk1r").provider("x").await.unwrap_err();
    assert!(matches!(error, MarketError::NoContract { .. }), "{error:?}");

    let nobody = fake_node::queries("http://127.0.0.1:9");
    let error = Registry::new(nobody, "souk1r").provider("x").await.unwrap_err();
    assert!(matches!(error, MarketError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_bid_that_is_not_there_is_none_and_a_refusal_is_not() {
    let none = "provider souk1me has no bid on order 7: query wasm contract failed";
    let node = FakeNode::start(|_| Answer::Refused("sdk", 6, none.to_owned())).await;
    let bid = Orderbook::new(node, "souk1b").bid(OrderId(7), "souk1me").await;
    assert_eq!(bid.unwrap(), None);
    let node = FakeNode::start(|_| Answer::Refused("sdk", 6, OUT_OF_GAS.to_owned())).await;
    assert!(Orderbook::new(node, "souk1b").bid(OrderId(7), "souk1me").await.is_err());
}

#[tokio::test]
async fn a_node_that_repeats_a_page_is_not_asked_for_ever() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let node = FakeNode::start(move |_| {
        *counted.lock().unwrap() += 1;
        Answer::Json(json!({"deposits": [deposit(3), deposit(5)]}))
    });
    let escrow = Escrow::new(node.await, "souk1escrow");
    let error = escrow.deposits(AccountId(1)).await.unwrap_err();
    assert!(matches!(error, MarketError::Page { .. }), "{error}");
    assert!(error.to_string().contains("souk1escrow"), "{error}");
    assert_eq!(*asked.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_page_with_more_entries_than_a_contract_gives_is_an_error() {
    let node = FakeNode::start(|_| {
        Answer::Json(json!({"deposits": (0..101).map(deposit).collect::<Vec<_>>()}))
    });
    let error = Escrow::new(node.await, "souk1escrow").deposits(AccountId(1)).await.unwrap_err();
    assert!(error.to_string().contains("101 entries"), "{error}");
}

#[tokio::test]
async fn an_order_beyond_the_markets_limits_is_not_taken_from_a_node() {
    let order = |count: u32| {
        let resources = Resources {
            cpu_milli: 1_000,
            cpu_attributes: vec![],
            memory: 512 << 20,
            gpu: None,
            storage: vec![Volume { name: "default".into(), size: 1 << 30, attributes: vec![] }],
            endpoints: vec![],
        };
        let spec = GroupSpec {
            name: "web".into(),
            requirements: Requirements::default(),
            units: vec![GroupUnit { id: 1, resources, count }],
            ceiling: Price::new(1_000).unwrap(),
        };
        let group = GroupId { deployment: DeploymentId(3), group: GroupSeq(1) };
        json!({"id": 7, "group": group, "tenant": "souk1a", "spec": spec, "denom": Denom::native("usouk"),
            "take_bps": 200, "auction": AuctionPolicy::TenantChoice {}, "state": "open", "created_at": 900,
            "expires_at": 9_000, "closes_at": null, "allow": [], "refuse": [], "excluded": []})
    };
    for (count, fits) in [(2, true), (u32::MAX, false)] {
        let node = FakeNode::start(move |question| match question.get("order") {
            Some(_) => Answer::Json(order(count)),
            None => Answer::Json(json!({"orders": [order(count)]})),
        });
        let orderbook = Orderbook::new(node.await, "souk1book");
        let (one, page) = (orderbook.order(OrderId(7)).await, orderbook.orders_after(None).await);
        assert_eq!((one.is_ok(), page.is_ok()), (fits, fits), "{one:?} {page:?}");
        for error in [one.err(), page.err()].into_iter().flatten() {
            let text = error.to_string();
            assert!(text.contains("order 7") && text.contains("allowed is 1 to 50"), "{text}");
        }
    }
}

#[tokio::test]
async fn attestations_of_the_first_release_are_read_record_by_record() {
    let unknown = "Error parsing into type souk_api::attestations::query::QueryMsg: unknown variant \
                   `check`, expected one of `config`, `attestations`: query wasm contract failed";
    let key = |auditor: &str| hex::encode(attestation_key(auditor, "souk1me"));
    let (first, second) = (key("souk1a"), key("souk1b"));
    let value = json!({"key": "region", "value": "eu", "expires_at": 900});
    let record = json!({"v": 1, "values": [value.clone()]});
    let node = FakeNode::start(move |question| match question["raw"].as_str() {
        None => Answer::Refused("sdk", 6, unknown.to_owned()),
        Some(key) if key == first => Answer::Json(record.clone()),
        Some(key) => {
            assert_eq!(key, second);
            Answer::Json(Value::Null)
        }
    });
    let attestations = Attestations::new(node.await, "souk1attestations");
    let auditors = ["souk1a".to_owned(), "souk1b".to_owned()];
    let found = attestations.check("souk1me", &auditors).await.unwrap();
    let found = serde_json::to_value(found).unwrap();
    let expected = json!([
        {"auditor": "souk1a", "values": [value]},
        {"auditor": "souk1b", "values": []},
    ]);
    assert_eq!(found, expected);

    // Every other refusal is one.
    let node = FakeNode::start(|question| {
        assert!(question["raw"].is_null(), "{question}");
        Answer::Refused("sdk", 6, "invalid address: query wasm contract failed".to_owned())
    });
    let attestations = Attestations::new(node.await, "souk1attestations");
    assert!(attestations.check("souk1me", &auditors).await.is_err());
}
