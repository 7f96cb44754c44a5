//! An event counts only if the configured contract emitted it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use cosmwasm_std::Attribute;
use souk_api::{
    event::{EventError, of_contract},
    registry::{RegistryEvent, events::Updated},
};

const OURS: &str = "souk1ours";
const FORGER: &str = "souk1forger";
const TYPE: &str = "wasm-souk_registry_updated";

fn attributes(list: &[(&str, &str)]) -> Vec<Attribute> {
    let attribute =
        |(key, value): &(&str, &str)| Attribute { key: (*key).into(), value: (*value).into() };
    list.iter().map(attribute).collect()
}

#[test]
fn an_event_of_the_configured_contract_counts() {
    let list = attributes(&[("_contract_address", OURS), ("provider", "p")]);
    assert_eq!(of_contract(TYPE, &list, OURS), Some("souk_registry_updated"));
    let read = RegistryEvent::from_chain(TYPE, &list, OURS).unwrap().unwrap();
    assert_eq!(read, Updated { provider: "p".into() }.into());
}

#[test]
fn an_event_of_another_contract_does_not_whatever_it_claims() {
    for list in [
        attributes(&[("_contract_address", FORGER), ("provider", "p")]),
        // The chain puts its own attribute first and refuses a contract's with that key;
        // should a second one slip through, the first decides.
        attributes(&[("_contract_address", FORGER), ("_contract_address", OURS)]),
        attributes(&[("contract_address", OURS), ("provider", "p")]),
        attributes(&[("_contract_address", "souk1our"), ("provider", "p")]),
        attributes(&[("_contract_address", "souk1ours1"), ("provider", "p")]),
        attributes(&[("_contract_address", ""), ("provider", "p")]),
        attributes(&[("provider", "p")]),
        attributes(&[]),
    ] {
        assert_eq!(of_contract(TYPE, &list, OURS), None, "{list:?}");
        assert_eq!(RegistryEvent::from_chain(TYPE, &list, OURS), None, "{list:?}");
    }
}

#[test]
fn an_event_without_the_chains_prefix_does_not_count() {
    let list = attributes(&[("_contract_address", OURS), ("provider", "p")]);
    for ty in ["souk_registry_updated", "wasm", "wasm_souk_registry_updated", "xwasm-souk", ""] {
        assert_eq!(of_contract(ty, &list, OURS), None, "{ty}");
    }
}

#[test]
fn our_contracts_events_of_unknown_type_are_passed_over_and_malformed_ones_told() {
    let list = attributes(&[("_contract_address", OURS), ("provider", "p")]);
    assert_eq!(RegistryEvent::from_chain("wasm-souk_registry_new", &list, OURS), None);
    assert_eq!(RegistryEvent::from_chain("wasm", &list, OURS), None);
    let changed = "wasm-souk_registry_bond_changed";
    let list = attributes(&[("_contract_address", OURS), ("provider", "p"), ("bond", "-1")]);
    let error = RegistryEvent::from_chain(changed, &list, OURS).unwrap().unwrap_err();
    let event = "souk_registry_bond_changed";
    assert_eq!(error, EventError::Attribute { event, attribute: "bond", found: Some("-1".into()) });
}
