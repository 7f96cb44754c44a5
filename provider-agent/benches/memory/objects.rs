//! The objects of leases, as an API server sends them.

use std::collections::BTreeMap;

use serde_json::Value;
use souk_core::OrderId;
use souk_provider::model::scope::MarketScope;

pub const CHAIN: &str = "souk-bench";
pub const ORDERBOOK: &str = "souk1qyqszqgpqyqszqgpqyqszqgpqyqszqgpswkvju";
pub const PROVIDER: &str = "souk1c8nkkrca8dwu2dwu95ktd9r0ae7vgwtrjz2hf4";
pub const TENANT: &str = "souk1y8rhgjls5rrdshheqcm978xwqfgce0zddf8dlh";
/// Nodes of the cluster.
pub const NODES: u64 = 200;

/// The objects of one lease and one node, by the path where their kind is listed. What differs from lease
/// to lease stands between two `@`.
const TEXT: &str = include_str!("objects.json");

pub fn scope() -> MarketScope {
    MarketScope::new(CHAIN, ORDERBOOK, PROVIDER)
}

/// The texts from which the objects of each path are made.
pub fn templates() -> BTreeMap<String, Vec<String>> {
    let all: BTreeMap<String, Vec<Value>> = serde_json::from_str(TEXT).unwrap();
    let texts = |objects: Vec<Value>| objects.iter().map(Value::to_string).collect();
    all.into_iter().map(|(path, objects)| (path, texts(objects))).collect()
}

/// An object of a lease, or the node of this number.
pub fn of(template: &str, number: u64, scope: &MarketScope) -> String {
    let [_, (_, provider), (_, market)] = scope.labels();
    let filled = [
        ("@NAMESPACE@", scope.namespace(OrderId(number))),
        ("@ORDER@", number.to_string()),
        ("@ORDER12@", format!("{number:012x}")),
        ("@ORDER16@", format!("{number:016x}")),
        ("@NODE@", (number % NODES).to_string()),
        ("@PROVIDER@", provider),
        ("@MARKET@", market),
        ("@TENANT@", TENANT.to_owned()),
    ];
    let fill = |text: String, (key, value): &(&str, String)| text.replace(key, value);
    filled.iter().fold(template.to_owned(), fill)
}
