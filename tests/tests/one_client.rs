//! Off chain souk-client alone knows the contracts' queries and reads their events; whoever writes a
//! second way to do so is sent there.
#![allow(clippy::unwrap_used)]

use std::fs;

use souk_tests::{
    names::{List, Source},
    tools,
};

/// What only the client may name, and where else it stands and why; in the form of
/// `tests/forbidden-names.txt`.
const LIST: &str = r#"
code | QueryMsg        | souk_client::market
code | smart           | souk_client::market
code | from_chain      | souk_client::events
code | from_attributes | souk_client::events
code | WASM_PREFIX     | souk_client::events
wire | "wasm-souk*     | souk_client::events

except | QueryMsg        | packages/client/       | it is the client
except | smart           | packages/client/       | it is the client
except | from_chain      | packages/client/       | it is the client
except | WASM_PREFIX     | packages/client/       | it is the client

except | QueryMsg        | packages/api/          | it defines the messages
except | from_chain      | packages/api/          | it defines the events
except | from_attributes | packages/api/          | it defines the events
except | WASM_PREFIX     | packages/api/          | it defines the events
except | "wasm-souk*     | packages/api/          | its tests write events as the chain does
except | QueryMsg        | packages/contract-std/ | on chain: the schema of a contract's messages
except | QueryMsg        | contracts/             | on chain: contracts, and their tests without a node
except | from_chain      | contracts/             | tests of contracts without a node
except | from_attributes | contracts/             | tests of contracts without a node
except | "wasm-souk*     | contracts/             | tests of contracts without a node
except | QueryMsg        | packages/testing/      | tests of contracts without a node: no RPC that the client could ask
except | from_chain      | packages/testing/      | tests of contracts without a node

except | smart           | packages/chain/        | it sends questions to any contract, and knows none
except | smart           | packages/devchain/     | it answers questions to any contract, and knows none
"#;

/// This file names all of it.
const OWN: &str = "tests/tests/one_client.rs";

fn sources() -> Vec<(String, String)> {
    let paths = tools::tracked(&["*.rs"]).into_iter().filter(|path| path != OWN);
    // A file that was deleted or moved and is not committed yet has no text.
    let read =
        |path: String| fs::read_to_string(tools::root().join(&path)).ok().map(|text| (path, text));
    paths.filter_map(read).collect()
}

#[test]
fn off_chain_only_the_client_asks_contracts_and_reads_their_events() {
    let list = List::parse(LIST).unwrap();
    let sources = sources();
    assert!(sources.len() > 500, "only {} files were read", sources.len());
    let mut refused = Vec::new();
    for (path, text) in &sources {
        for found in list.find(&Source { path, text }) {
            refused.push(format!("{path}:{}: `{}`: use {}", found.line, found.name, found.instead));
        }
    }
    assert!(refused.is_empty(), "a second definition off chain:\n{}", refused.join("\n"));
}

#[test]
fn every_place_that_is_allowed_besides_the_client_is_needed() {
    let list = List::parse(LIST).unwrap();
    let sources = sources();
    let unused = list.unused_exceptions(sources.iter().map(|(path, text)| Source { path, text }));
    let lines: Vec<String> =
        unused.into_iter().map(|one| format!("`{}` in {}", one.name, one.path)).collect();
    assert!(lines.is_empty(), "nothing needs these: {}", lines.join(", "));
}

#[test]
fn a_second_definition_is_found() {
    let list = List::parse(LIST).unwrap();
    for text in [
        "let msg = orderbook::QueryMsg::Lease { order };",
        "let found: Value = queries.smart(&address, &json!({ \"config\": {} })).await?;",
        "OrderbookEvent::from_chain(&event.ty, &attributes, &orderbook)",
        "outcome.attribute(\"wasm-souk_orderbook_order_opened\", \"order\")",
    ] {
        for path in ["cli/src/commands/status.rs", "provider-agent/src/market/lookup.rs"] {
            assert_eq!(list.find(&Source { path, text }).len(), 1, "{path}: {text}");
        }
        let path = "packages/client/src/market/registry.rs";
        let allowed = !text.contains("wasm-souk");
        assert_eq!(list.find(&Source { path, text }).is_empty(), allowed, "{path}: {text}");
    }
}
