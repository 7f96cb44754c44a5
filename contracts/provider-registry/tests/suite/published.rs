//! The raw key and the bytes that other contracts read: a change here breaks them.

use crate::common::{Fixture, SOUK};
use souk_api::{published, registry::ExecuteMsg};

#[test]
fn a_providers_record_lies_under_this_key_in_these_bytes() {
    let mut fixture = Fixture::linked();
    let provider = fixture.provider("cheap", 12);
    let operator = fixture.operator("cheap");
    let key = published::provider_key(provider.as_str());
    assert_eq!(key, [b"\x00\x01p".as_slice(), provider.as_bytes()].concat());

    let raw = |fixture: &Fixture| {
        let bytes = fixture.app.wrap().query_wasm_raw(&fixture.registry, key.clone()).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let expected = format!(
        r#"{{"v":1,"operator":"{operator}","payee":"{provider}","bond":"12000000","slots":12,"maintenance":false,"slashes":0,"attributes":[{{"key":"region","value":"eu-west"}}]}}"#
    );
    assert_eq!(raw(&fixture), Some(expected));

    fixture.send(&provider, &crate::common::unbond(2 * SOUK)).unwrap();
    fixture.send(&provider, &ExecuteMsg::Deregister {}).unwrap();
    assert_eq!(raw(&fixture), None);
}

#[test]
fn the_contracts_name_lies_where_readers_probe_it() {
    let fixture = Fixture::new();
    let probe = |name| published::probe(&fixture.app.wrap(), fixture.registry.as_str(), name);
    assert_eq!(probe(published::names::PROVIDER_REGISTRY), Ok(()));
    assert!(probe(published::names::ESCROW).is_err());
}
