//! The raw key and the bytes that other contracts read: a change here breaks them.

use crate::common::{Fixture, attest, revoke};
use souk_api::published;

#[test]
fn an_attestation_lies_under_this_key_in_these_bytes() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let key = published::attestation_key(auditor.as_str(), provider.as_str());
    let auditor_len = u16::try_from(auditor.as_str().len()).unwrap().to_be_bytes();
    let expected: [&[u8]; 4] =
        [b"\x00\x01a", &auditor_len, auditor.as_bytes(), provider.as_bytes()];
    assert_eq!(key, expected.concat());

    let raw = |fixture: &Fixture| {
        let bytes = fixture.app.wrap().query_wasm_raw(&fixture.contract, key.clone()).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let end = fixture.now() + 100;
    fixture.send(&auditor, &attest(&provider, &[("region", "eu"), ("class", "a")], end)).unwrap();
    let expected = format!(
        r#"{{"v":1,"values":[{{"key":"class","value":"a","expires_at":{end}}},{{"key":"region","value":"eu","expires_at":{end}}}]}}"#
    );
    assert_eq!(raw(&fixture), Some(expected));
    fixture.send(&auditor, &revoke(&provider, None)).unwrap();
    assert_eq!(raw(&fixture), None);
}

#[test]
fn the_contracts_name_lies_where_readers_probe_it() {
    let fixture = Fixture::new();
    let probe = |name| published::probe(&fixture.app.wrap(), fixture.contract.as_str(), name);
    assert_eq!(probe(published::names::ATTESTATIONS), Ok(()));
    assert!(probe(published::names::PROVIDER_REGISTRY).is_err());
}
