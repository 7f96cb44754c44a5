//! docs/reference.md is written from the schemas, the permissions and the events of this crate.
//! The test fails if the committed page is another one; with `SOUK_BLESS=1` it writes the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod events;
mod page;
mod sample;
mod schema;

use std::{fs, path::PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use souk_api::{Message, Permission, attestations, escrow, fees, orderbook, registry};

/// A contract as the page shows it.
struct Contract {
    /// The name that people read.
    title: &'static str,
    /// The file in `schema/`, and the folder in `contracts/`.
    file: &'static str,
    /// The module of this crate.
    module: &'static str,
    /// The permission of a message that is given as JSON.
    permission: fn(Value) -> Permission,
}

const CONTRACTS: [Contract; 5] = [
    Contract {
        title: "Orderbook",
        file: "orderbook",
        module: "orderbook",
        permission: |json| read::<orderbook::ExecuteMsg>(json).permission(),
    },
    Contract {
        title: "Escrow",
        file: "escrow",
        module: "escrow",
        permission: |json| read::<escrow::ExecuteMsg>(json).permission(),
    },
    Contract {
        title: "Provider registry",
        file: "provider-registry",
        module: "registry",
        permission: |json| read::<registry::ExecuteMsg>(json).permission(),
    },
    Contract {
        title: "Attestations",
        file: "attestations",
        module: "attestations",
        permission: |json| read::<attestations::ExecuteMsg>(json).permission(),
    },
    Contract {
        title: "Fee distributor",
        file: "fee-distributor",
        module: "fees",
        permission: |json| read::<fees::ExecuteMsg>(json).permission(),
    },
];

fn read<T: DeserializeOwned>(json: Value) -> T {
    let text = json.to_string();
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Types and attribute keys of all events, as the golden file pins them.
fn golden() -> Vec<(String, Vec<String>)> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let ty = words.next().unwrap().to_owned();
        (ty, words.filter_map(|word| Some(word.split_once('=')?.0.to_owned())).collect())
    };
    include_str!("../events.golden.txt").lines().map(line).collect()
}

#[test]
fn the_reference_for_frontends_is_what_the_code_says() {
    let fresh = page::page();
    let path = root().join("docs/reference.md");
    if std::env::var_os("SOUK_BLESS").is_some() {
        return fs::write(path, fresh).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(fresh.lines()).find(|(old, new)| old != new);
    assert!(
        committed == fresh,
        "docs/reference.md is stale, first at {differs:?}; run: SOUK_BLESS=1 cargo test -p souk-api --test reference"
    );
}

#[test]
fn every_event_of_the_golden_file_is_described_field_by_field() {
    let described: Vec<(String, Vec<String>)> = CONTRACTS
        .iter()
        .flat_map(|contract| events::of(contract.module))
        .map(|event| (event.ty, event.fields.into_iter().map(|field| field.name).collect()))
        .collect();
    for (ty, fields) in golden() {
        let found = described.iter().find(|(other, _)| *other == ty);
        assert_eq!(found.map(|(_, fields)| fields), Some(&fields), "{ty}");
    }
    assert_eq!(described.len(), golden().len());
}
