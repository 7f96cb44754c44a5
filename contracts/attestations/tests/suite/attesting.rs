//! What an auditor's word is, how long it counts and how it is taken back.

use crate::common::{Fixture, attest, attest_list, attributes, evidence, revoke};
use cosmwasm_std::{HexBinary, to_json_vec};
use souk_api::{
    attestations::{
        AttestationEvent, AuditorResponse, CheckResponse, ExecuteMsg, Profile, QueryMsg,
        events::{Attested, Revoked},
    },
    defaults::MAX_LIFETIME,
};
use souk_attestations::{
    ContractError,
    rules::{
        limits::LimitError,
        record::{MAX_BYTES, RecordError},
    },
};
use souk_contract_std::CommonError;
use souk_core::{Attribute, attributes::AttributeError};

#[test]
fn an_auditors_word_counts_until_it_ends() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let expires_at = fixture.now() + 100;
    let list = [("region", "eu"), ("class", "a")];
    let response = fixture.send(&auditor, &attest(&provider, &list, expires_at)).unwrap();
    let attested = Attested {
        auditor: auditor.to_string(),
        provider: provider.to_string(),
        count: 2,
        expires_at,
    };
    assert_eq!(fixture.events(&response), [AttestationEvent::Attested(attested)]);

    let record = fixture.published(&auditor, &provider).unwrap();
    let sorted = attributes(&[("class", "a"), ("region", "eu")]);
    assert_eq!(record.valid_at(expires_at - 1), sorted);
    assert_eq!(record.valid_at(expires_at), []);
}

#[test]
fn a_key_attested_again_gets_its_new_value_and_others_keep_theirs() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let (soon, late) = (fixture.now() + 100, fixture.now() + 1_000);
    fixture.send(&auditor, &attest(&provider, &[("region", "eu"), ("class", "a")], soon)).unwrap();
    fixture.send(&auditor, &attest(&provider, &[("region", "us")], late)).unwrap();
    let record = fixture.published(&auditor, &provider).unwrap();
    assert_eq!(record.valid_at(soon), attributes(&[("region", "us")]));
    assert_eq!(record.valid_at(soon - 1), attributes(&[("class", "a"), ("region", "us")]));
}

#[test]
fn an_auditor_touches_its_own_word_alone() {
    let mut fixture = Fixture::new();
    let [one, two, provider] = ["one", "two", "provider"].map(|name| fixture.someone(name));
    let end = fixture.now() + 100;
    fixture.send(&one, &attest(&provider, &[("region", "eu")], end)).unwrap();
    let before = fixture.published(&one, &provider);
    let refused = fixture.send(&two, &revoke(&provider, None)).unwrap_err();
    let nothing =
        ContractError::NothingAttested { auditor: two.clone(), provider: provider.clone() };
    assert_eq!(refused, nothing);
    fixture.send(&two, &attest(&provider, &[("region", "us")], end)).unwrap();
    fixture.send(&two, &revoke(&provider, None)).unwrap();
    assert_eq!(fixture.published(&one, &provider), before);
    assert_eq!(fixture.published(&two, &provider), None);
}

#[test]
fn an_expiry_lies_ahead_and_within_the_longest_lifetime() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let now = fixture.now();
    let latest = now + MAX_LIFETIME;
    for expires_at in [0, now - 1, now, latest + 1, u64::MAX] {
        let refused = fixture.send(&auditor, &attest(&provider, &[("region", "eu")], expires_at));
        assert_eq!(refused.unwrap_err(), LimitError::Expiry { expires_at, now, latest }.into());
    }
    for expires_at in [now + 1, latest] {
        fixture.send(&auditor, &attest(&provider, &[("region", "eu")], expires_at)).unwrap();
    }
}

#[test]
fn what_no_provider_could_claim_is_not_attested() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let end = fixture.now() + 100;
    let long = "x".repeat(257);
    let cases: [(&[(&str, &str)], ContractError); 4] = [
        (&[], RecordError::Nothing.into()),
        (&[("reg*", "eu")], AttributeError::Pattern("reg*".into()).into()),
        (&[("ab", "1"), ("ab", "2")], AttributeError::Duplicate("ab".into()).into()),
        (&[("ab", &long)], AttributeError::ValueTooLong { key: "ab".into(), len: 257 }.into()),
    ];
    for (list, error) in cases {
        assert_eq!(fixture.send(&auditor, &attest(&provider, list, end)).unwrap_err(), error);
    }
    assert_eq!(fixture.published(&auditor, &provider), None);
}

#[test]
fn a_record_has_64_values_and_8_kb_at_most() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let end = fixture.now() + 100;
    let values = |n: usize, len: usize| -> Vec<Attribute> {
        (0..n).map(|i| Attribute::new(format!("key{i:02}"), "v".repeat(len))).collect()
    };
    let send = |fixture: &mut Fixture, list| {
        fixture.send(&auditor, &attest_list(&provider, list, end)).map(|_| ())
    };
    send(&mut fixture, values(64, 1)).unwrap();
    let more = vec![Attribute::new("other", "v")];
    assert_eq!(send(&mut fixture, more).unwrap_err(), RecordError::TooMany { count: 65 }.into());

    let refused = send(&mut fixture, values(64, 128)).unwrap_err();
    let ContractError::Record(RecordError::TooLarge { bytes }) = refused else {
        panic!("{refused}")
    };
    assert!(bytes > MAX_BYTES);
    let largest = (1..128).rev().find(|len| send(&mut fixture, values(64, *len)).is_ok()).unwrap();
    let stored = to_json_vec(&fixture.published(&auditor, &provider).unwrap()).unwrap().len();
    assert!(stored <= MAX_BYTES && stored + 64 > MAX_BYTES, "{largest} bytes a value: {stored}");
}

#[test]
fn the_evidence_is_that_of_the_latest_attestation() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let end = fixture.now() + 100;
    let with = |evidence| {
        let (provider, attributes) = (provider.to_string(), attributes(&[("region", "eu")]));
        ExecuteMsg::Attest { provider, attributes, expires_at: end, evidence }
    };
    fixture.send(&auditor, &with(Some(evidence(1)))).unwrap();
    fixture.send(&auditor, &with(Some(evidence(2)))).unwrap();
    assert_eq!(fixture.show(&auditor, &provider).evidence, Some(evidence(2)));
    fixture.send(&auditor, &with(None)).unwrap();
    assert_eq!(fixture.show(&auditor, &provider).evidence, None);

    let mut short = evidence(1);
    short.hash = HexBinary::from([1; 31]);
    let refused = fixture.send(&auditor, &with(Some(short))).unwrap_err();
    assert_eq!(refused, LimitError::EvidenceHash { len: 31 }.into());
    let mut long = evidence(1);
    long.uri = "u".repeat(257);
    let refused = fixture.send(&auditor, &with(Some(long))).unwrap_err();
    assert!(matches!(refused, ContractError::Common(CommonError::TooLong { len: 257, .. })));
}

#[test]
fn what_is_revoked_counts_no_more_and_the_rest_does() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let (now, end) = (fixture.now(), fixture.now() + 100);
    let list = [("aa", "1"), ("bb", "1"), ("cc", "1")];
    fixture.send(&auditor, &attest(&provider, &list, end)).unwrap();

    let unknown = fixture.send(&auditor, &revoke(&provider, Some(&["aa", "zz"]))).unwrap_err();
    assert_eq!(unknown, RecordError::NotAttested("zz".into()).into());
    let none = fixture.send(&auditor, &revoke(&provider, Some(&[]))).unwrap_err();
    assert_eq!(none, RecordError::NoKeys.into());

    let response = fixture.send(&auditor, &revoke(&provider, Some(&["aa", "cc"]))).unwrap();
    let (auditor_text, provider_text) = (auditor.to_string(), provider.to_string());
    let revoked = Revoked { auditor: auditor_text, provider: provider_text, count: 2 };
    assert_eq!(fixture.events(&response), [AttestationEvent::Revoked(revoked)]);
    let left = fixture.published(&auditor, &provider).unwrap();
    assert_eq!(left.valid_at(now), attributes(&[("bb", "1")]));
}

#[test]
fn with_the_last_value_the_whole_record_goes() {
    let mut fixture = Fixture::new();
    let (auditor, provider) = (fixture.someone("auditor"), fixture.someone("provider"));
    let msg = ExecuteMsg::Attest {
        provider: provider.to_string(),
        attributes: attributes(&[("region", "eu")]),
        expires_at: fixture.now() + 100,
        evidence: Some(evidence(1)),
    };
    for keys in [None, Some(["region"].as_slice())] {
        fixture.send(&auditor, &msg).unwrap();
        fixture.send(&auditor, &revoke(&provider, keys)).unwrap();
        assert_eq!(fixture.published(&auditor, &provider), None);
        let shown = fixture.show(&auditor, &provider);
        assert_eq!((shown.values, shown.evidence), (vec![], None));
    }
}

#[test]
fn an_auditor_says_who_it_is() {
    let mut fixture = Fixture::new();
    let auditor = fixture.someone("auditor");
    let ask = |fixture: &Fixture| -> AuditorResponse {
        fixture.ask(&QueryMsg::Auditor { auditor: auditor.to_string() })
    };
    assert_eq!(ask(&fixture).profile, None);
    let profile = Profile { name: "Audits & Co".into(), ..Profile::default() };
    fixture.send(&auditor, &ExecuteMsg::SetProfile { profile: profile.clone() }).unwrap();
    assert_eq!(ask(&fixture).profile, Some(profile.clone()));
    let long = Profile { policy: "x".repeat(257), ..profile.clone() };
    assert!(fixture.send(&auditor, &ExecuteMsg::SetProfile { profile: long }).is_err());
    assert_eq!(ask(&fixture).profile, Some(profile));
}

#[test]
fn one_question_says_what_several_auditors_attest_of_some_keys_at_a_moment() {
    let mut fixture = Fixture::new();
    let [one, two, three, provider] =
        ["one", "two", "three", "provider"].map(|name| fixture.someone(name));
    let now = fixture.now();
    fixture.send(&one, &attest(&provider, &[("region", "eu"), ("tier", "a")], now + 100)).unwrap();
    fixture.send(&one, &attest(&provider, &[("gpu/h100", "true")], now + 900)).unwrap();
    fixture.send(&two, &attest(&provider, &[("region", "us")], now + 500)).unwrap();
    let ask = |auditors: &[&cosmwasm_std::Addr], keys: Option<&[&str]>, at: Option<u64>| {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let answer: CheckResponse = fixture.ask(&QueryMsg::Check {
            provider: provider.to_string(),
            auditors: auditors.iter().map(ToString::to_string).collect(),
            keys: keys.map(texts),
            at,
        });
        let mut shown: Vec<_> = answer
            .auditors
            .into_iter()
            .map(|of| (of.auditor, of.values.into_iter().map(|v| v.key).collect::<Vec<_>>()))
            .collect();
        shown.sort_by_key(|(auditor, _)| auditors.iter().position(|one| one.as_str() == auditor));
        shown.into_iter().map(|(_, keys)| keys).collect::<Vec<_>>()
    };
    let all = [&one, &two, &three];
    let none: Vec<String> = vec![];
    let everything = vec!["gpu/h100".to_owned(), "region".into(), "tier".into()];
    assert_eq!(ask(&all, None, None), [everything.clone(), vec!["region".into()], none.clone()]);
    assert_eq!(ask(&[&one, &one], None, Some(now + 99)), [everything]);
    let later = ask(&all, Some(&["region", "gpu/*"]), Some(now + 100));
    assert_eq!(later, [vec!["gpu/h100".to_owned()], vec!["region".into()], none.clone()]);
    assert_eq!(ask(&all, Some(&[]), None), [none.clone(), none.clone(), none]);

    let many = |n| vec![one.to_string(); n];
    for (auditors, keys) in [(many(9), None), (many(1), Some(vec!["k".to_owned(); 33]))] {
        let msg = QueryMsg::Check { provider: provider.to_string(), auditors, keys, at: None };
        let asked: Result<CheckResponse, _> =
            fixture.app.wrap().query_wasm_smart(&fixture.contract, &msg);
        assert!(asked.unwrap_err().to_string().contains("the limit is"));
    }
}
