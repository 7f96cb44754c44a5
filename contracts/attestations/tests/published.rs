//! The raw key and the bytes that other contracts read: a change here breaks them.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{World, attest, revoke};
use souk_api::published;

#[test]
fn an_attestation_lies_under_this_key_in_these_bytes() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let key = published::attestation_key(auditor.as_str(), provider.as_str());
    let auditor_len = u16::try_from(auditor.as_str().len()).unwrap().to_be_bytes();
    let expected: [&[u8]; 4] =
        [b"\x00\x01a", &auditor_len, auditor.as_bytes(), provider.as_bytes()];
    assert_eq!(key, expected.concat());

    let raw = |world: &World| {
        let bytes = world.app.wrap().query_wasm_raw(&world.contract, key.clone()).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let end = world.now() + 100;
    world.send(&auditor, &attest(&provider, &[("region", "eu"), ("class", "a")], end)).unwrap();
    let expected = format!(
        r#"{{"v":1,"values":[{{"key":"class","value":"a","expires_at":{end}}},{{"key":"region","value":"eu","expires_at":{end}}}]}}"#
    );
    assert_eq!(raw(&world), Some(expected));
    world.send(&auditor, &revoke(&provider, None)).unwrap();
    assert_eq!(raw(&world), None);
}

#[test]
fn the_contracts_name_lies_where_readers_probe_it() {
    let world = World::new();
    let probe = |name| published::probe(&world.app.wrap(), world.contract.as_str(), name);
    assert_eq!(probe(published::names::ATTESTATIONS), Ok(()));
    assert!(probe(published::names::PROVIDER_REGISTRY).is_err());
}
