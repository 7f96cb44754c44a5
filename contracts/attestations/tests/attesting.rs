//! What an auditor's word is, how long it counts and how it is taken back.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use common::{World, attest, attest_list, attributes, evidence, revoke};
use cosmwasm_std::{HexBinary, to_json_vec};
use souk_api::{
    attestations::{
        AttestationEvent, AuditorResponse, ExecuteMsg, Profile, QueryMsg,
        events::{Attested, Revoked},
    },
    defaults::MAX_LIFETIME,
};
use souk_attestations::{
    ContractError,
    record::{MAX_BYTES, RecordError},
};
use souk_core::{Attribute, attributes::AttributeError};

#[test]
fn an_auditors_word_counts_until_it_ends() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let expires_at = world.now() + 100;
    let list = [("region", "eu"), ("class", "a")];
    let response = world.send(&auditor, &attest(&provider, &list, expires_at)).unwrap();
    let attested = Attested {
        auditor: auditor.to_string(),
        provider: provider.to_string(),
        count: 2,
        expires_at,
    };
    assert_eq!(world.events(&response), [AttestationEvent::Attested(attested)]);

    let record = world.published(&auditor, &provider).unwrap();
    let sorted = attributes(&[("class", "a"), ("region", "eu")]);
    assert_eq!(record.valid_at(expires_at - 1), sorted);
    assert_eq!(record.valid_at(expires_at), []);
}

#[test]
fn a_key_attested_again_gets_its_new_value_and_others_keep_theirs() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let (soon, late) = (world.now() + 100, world.now() + 1_000);
    world.send(&auditor, &attest(&provider, &[("region", "eu"), ("class", "a")], soon)).unwrap();
    world.send(&auditor, &attest(&provider, &[("region", "us")], late)).unwrap();
    let record = world.published(&auditor, &provider).unwrap();
    assert_eq!(record.valid_at(soon), attributes(&[("region", "us")]));
    assert_eq!(record.valid_at(soon - 1), attributes(&[("class", "a"), ("region", "us")]));
}

#[test]
fn an_auditor_touches_its_own_word_alone() {
    let mut world = World::new();
    let [one, two, provider] = ["one", "two", "provider"].map(|name| world.someone(name));
    let end = world.now() + 100;
    world.send(&one, &attest(&provider, &[("region", "eu")], end)).unwrap();
    let before = world.published(&one, &provider);
    let refused = world.send(&two, &revoke(&provider, None)).unwrap_err();
    let nothing =
        ContractError::NothingAttested { auditor: two.clone(), provider: provider.clone() };
    assert_eq!(refused, nothing);
    world.send(&two, &attest(&provider, &[("region", "us")], end)).unwrap();
    world.send(&two, &revoke(&provider, None)).unwrap();
    assert_eq!(world.published(&one, &provider), before);
    assert_eq!(world.published(&two, &provider), None);
}

#[test]
fn an_expiry_lies_ahead_and_within_the_longest_lifetime() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let now = world.now();
    let latest = now + MAX_LIFETIME;
    for expires_at in [0, now - 1, now, latest + 1, u64::MAX] {
        let refused = world.send(&auditor, &attest(&provider, &[("region", "eu")], expires_at));
        assert_eq!(refused.unwrap_err(), ContractError::Expiry { expires_at, now, latest });
    }
    for expires_at in [now + 1, latest] {
        world.send(&auditor, &attest(&provider, &[("region", "eu")], expires_at)).unwrap();
    }
}

#[test]
fn what_no_provider_could_claim_is_not_attested() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let end = world.now() + 100;
    let long = "x".repeat(257);
    let cases: [(&[(&str, &str)], ContractError); 4] = [
        (&[], RecordError::Nothing.into()),
        (&[("reg*", "eu")], AttributeError::Pattern("reg*".into()).into()),
        (&[("ab", "1"), ("ab", "2")], AttributeError::Duplicate("ab".into()).into()),
        (&[("ab", &long)], AttributeError::ValueTooLong { key: "ab".into(), len: 257 }.into()),
    ];
    for (list, error) in cases {
        assert_eq!(world.send(&auditor, &attest(&provider, list, end)).unwrap_err(), error);
    }
    assert_eq!(world.published(&auditor, &provider), None);
}

#[test]
fn a_record_has_64_values_and_8_kb_at_most() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let end = world.now() + 100;
    let values = |n: usize, len: usize| -> Vec<Attribute> {
        (0..n).map(|i| Attribute::new(format!("key{i:02}"), "v".repeat(len))).collect()
    };
    let send = |world: &mut World, list| {
        world.send(&auditor, &attest_list(&provider, list, end)).map(|_| ())
    };
    send(&mut world, values(64, 1)).unwrap();
    let more = vec![Attribute::new("other", "v")];
    assert_eq!(send(&mut world, more).unwrap_err(), RecordError::TooMany { count: 65 }.into());

    let refused = send(&mut world, values(64, 128)).unwrap_err();
    let ContractError::Record(RecordError::TooLarge { bytes }) = refused else {
        panic!("{refused}")
    };
    assert!(bytes > MAX_BYTES);
    let largest = (1..128).rev().find(|len| send(&mut world, values(64, *len)).is_ok()).unwrap();
    let stored = to_json_vec(&world.published(&auditor, &provider).unwrap()).unwrap().len();
    assert!(stored <= MAX_BYTES && stored + 64 > MAX_BYTES, "{largest} bytes a value: {stored}");
}

#[test]
fn the_evidence_is_that_of_the_latest_attestation() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let end = world.now() + 100;
    let with = |evidence| {
        let (provider, attributes) = (provider.to_string(), attributes(&[("region", "eu")]));
        ExecuteMsg::Attest { provider, attributes, expires_at: end, evidence }
    };
    world.send(&auditor, &with(Some(evidence(1)))).unwrap();
    world.send(&auditor, &with(Some(evidence(2)))).unwrap();
    assert_eq!(world.show(&auditor, &provider).evidence, Some(evidence(2)));
    world.send(&auditor, &with(None)).unwrap();
    assert_eq!(world.show(&auditor, &provider).evidence, None);

    let mut short = evidence(1);
    short.hash = HexBinary::from([1; 31]);
    let refused = world.send(&auditor, &with(Some(short))).unwrap_err();
    assert_eq!(refused, ContractError::EvidenceHash { len: 31 });
    let mut long = evidence(1);
    long.uri = "u".repeat(257);
    let refused = world.send(&auditor, &with(Some(long))).unwrap_err();
    assert!(matches!(refused, ContractError::TooLong { len: 257, .. }));
}

#[test]
fn what_is_revoked_counts_no_more_and_the_rest_does() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let (now, end) = (world.now(), world.now() + 100);
    let list = [("aa", "1"), ("bb", "1"), ("cc", "1")];
    world.send(&auditor, &attest(&provider, &list, end)).unwrap();

    let unknown = world.send(&auditor, &revoke(&provider, Some(&["aa", "zz"]))).unwrap_err();
    assert_eq!(unknown, RecordError::NotAttested("zz".into()).into());
    let none = world.send(&auditor, &revoke(&provider, Some(&[]))).unwrap_err();
    assert_eq!(none, RecordError::NoKeys.into());

    let response = world.send(&auditor, &revoke(&provider, Some(&["aa", "cc"]))).unwrap();
    let (auditor_text, provider_text) = (auditor.to_string(), provider.to_string());
    let revoked = Revoked { auditor: auditor_text, provider: provider_text, count: 2 };
    assert_eq!(world.events(&response), [AttestationEvent::Revoked(revoked)]);
    let left = world.published(&auditor, &provider).unwrap();
    assert_eq!(left.valid_at(now), attributes(&[("bb", "1")]));
}

#[test]
fn with_the_last_value_the_whole_record_goes() {
    let mut world = World::new();
    let (auditor, provider) = (world.someone("auditor"), world.someone("provider"));
    let msg = ExecuteMsg::Attest {
        provider: provider.to_string(),
        attributes: attributes(&[("region", "eu")]),
        expires_at: world.now() + 100,
        evidence: Some(evidence(1)),
    };
    for keys in [None, Some(["region"].as_slice())] {
        world.send(&auditor, &msg).unwrap();
        world.send(&auditor, &revoke(&provider, keys)).unwrap();
        assert_eq!(world.published(&auditor, &provider), None);
        let shown = world.show(&auditor, &provider);
        assert_eq!((shown.values, shown.evidence), (vec![], None));
    }
}

#[test]
fn an_auditor_says_who_it_is() {
    let mut world = World::new();
    let auditor = world.someone("auditor");
    let ask = |world: &World| -> AuditorResponse {
        world.ask(&QueryMsg::Auditor { auditor: auditor.to_string() })
    };
    assert_eq!(ask(&world).profile, None);
    let profile = Profile { name: "Audits & Co".into(), ..Profile::default() };
    world.send(&auditor, &ExecuteMsg::SetProfile { profile: profile.clone() }).unwrap();
    assert_eq!(ask(&world).profile, Some(profile.clone()));
    let long = Profile { policy: "x".repeat(257), ..profile.clone() };
    assert!(world.send(&auditor, &ExecuteMsg::SetProfile { profile: long }).is_err());
    assert_eq!(ask(&world).profile, Some(profile));
}
