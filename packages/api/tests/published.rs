//! Keys and bytes of published records are those that cw-storage-plus and the readers use.

#![allow(clippy::unwrap_used)]

use cosmwasm_std::{
    ContractResult, Empty, QuerierWrapper, SystemResult, WasmQuery, from_json,
    testing::MockQuerier, to_json_string, to_json_vec,
};
use cw_storage_plus::Map;
use proptest::prelude::*;
use souk_api::{
    escrow::AccountResponse,
    published::{
        self, AccountRecord, AttestationRecord, Floors, ProviderRecord, ProviderStats,
        PublishedError, Versioned, account_key, attestation_key, names, namespace, provider_key,
        provider_stats_key,
    },
};
use souk_core::{AccountId, Amount, Clock, Denom, Rate};

proptest! {
    #[test]
    fn published_keys_are_the_ones_that_contracts_store_under(
        auditor in "[a-z0-9]{1,90}", provider in "[a-z0-9]{1,90}", account in any::<u64>(),
    ) {
        let providers: Map<&str, Empty> = Map::new(namespace::PROVIDERS);
        prop_assert_eq!(provider_key(&provider), providers.key(&provider).to_vec());
        let attestations: Map<(&str, &str), Empty> = Map::new(namespace::ATTESTATIONS);
        let stored = attestations.key((&auditor, &provider)).to_vec();
        prop_assert_eq!(attestation_key(&auditor, &provider), stored);
        let accounts: Map<u64, Empty> = Map::new(namespace::ACCOUNTS);
        prop_assert_eq!(account_key(AccountId(account)), accounts.key(account).to_vec());
        let stats: Map<&str, Empty> = Map::new(namespace::PROVIDER_STATS);
        prop_assert_eq!(provider_stats_key(&provider), stats.key(&provider).to_vec());
    }
}

fn account() -> AccountRecord {
    let amount = |units| Amount::new(units).unwrap();
    AccountRecord {
        v: 1,
        tenant: "souk1tenant".into(),
        denom: Denom::native("usouk"),
        clock: Clock {
            remaining: 1 << 70,
            rate: Rate::new(5).unwrap(),
            clock: 6,
            anchor: 7,
            depleted_since: None,
        },
        reserved: Rate::new(8).unwrap(),
        own: 1 << 69,
        others: amount(9),
        others_spent: 10,
        deposited: amount(11),
        deposits: 12,
        streams: 13,
        ran_since: 0,
        closed: false,
    }
}

#[test]
fn an_accounts_bytes_are_these_and_numbers_beyond_53_bits_are_text() {
    let json = to_json_string(&account()).unwrap();
    let expected = concat!(
        r#"{"v":1,"owner":"souk1tenant","denom":{"native":"usouk"},"#,
        r#""clock":{"remaining":"1180591620717411303424","rate":"5","clock":6,"anchor":7},"#,
        r#""reserved":"8","own":"590295810358705651712","others":"9","others_spent":"10","#,
        r#""deposited":"11","deposits":12,"streams":13,"closed":false}"#
    );
    assert_eq!(json, expected);
    assert_eq!(from_json::<AccountRecord>(&json).unwrap(), account());
}

#[test]
fn a_depleted_clock_is_stored_under_an_old_name_and_shown_as_depleted_since() {
    let mut record = account();
    record.clock.depleted_since = Some(8);
    let stored = to_json_string(&record).unwrap();
    assert!(stored.contains(r#""anchor":7,"dry_since":8}"#), "{stored}");
    assert_eq!(from_json::<AccountRecord>(&stored).unwrap(), record);

    let answer = AccountResponse {
        id: AccountId(1),
        tenant: record.tenant,
        denom: record.denom,
        clock: record.clock,
        balance: Amount::ZERO,
        withdrawable: Amount::ZERO,
        reserved: Rate::ZERO,
        depletion: Some(8),
        streams: 1,
        deposits: 0,
        closed: false,
    };
    let shown = to_json_string(&answer).unwrap();
    let expected = concat!(
        r#""clock":{"remaining":"1180591620717411303424","rate":"5","clock":6,"anchor":7,"#,
        r#""depleted_since":8}"#
    );
    assert!(shown.contains(expected), "{shown}");
    assert_eq!(from_json::<AccountResponse>(&shown).unwrap(), answer);
}

#[test]
fn the_bytes_of_a_providers_stats_are_these() {
    let first = r#"{"v":1,"used":2,"won":3,"active":4,"closed":[5,5,5,5,5,5],"breaches":6}"#;
    let stats: ProviderStats = from_json(first).unwrap();
    assert_eq!((stats.seen, stats.absences), ((0, 0), 0), "what the first release does not say");
    assert_eq!(to_json_string(&stats).unwrap(), first);
    let stats = ProviderStats { seen: (7, 8), absences: 9, ..stats };
    let expected = first.replace('}', r#","seen":[7,8],"absences":9}"#);
    assert_eq!(to_json_string(&stats).unwrap(), expected);
}

#[test]
fn a_record_without_the_fields_that_came_later_is_read() {
    let old = r#"{"v":1,"operator":"o","payee":"p","bond":"5","slots":1,"attributes":[]}"#;
    let record: ProviderRecord = from_json(old).unwrap();
    assert_eq!((record.maintenance, record.slashes), (false, 0));
}

#[test]
fn what_later_code_publishes_beside_what_is_known_is_passed_over() {
    fn again<T: Versioned + serde::Serialize + PartialEq + std::fmt::Debug>(record: &T) {
        let json = to_json_string(record).unwrap();
        let last = json.rfind('}').unwrap();
        let later = format!(r#"{},"later":{{"than":[1]}}}}"#, &json[..last]);
        assert_eq!(&from_json::<T>(&later).unwrap(), record, "{later}");
    }
    again(&account());
    again(&ProviderStats { v: 1, seen: (7, 8), ..ProviderStats::default() });
    let floors = Floors { now: Vec::new(), next: Vec::new(), from: 7 };
    let later = r#"{"from":7,"later":1}"#;
    assert_eq!(from_json::<Floors>(later).unwrap(), floors);
    let provider = r#"{"v":1,"operator":"o","payee":"p","bond":"5","slots":1,"attributes":[]}"#;
    again(&from_json::<ProviderRecord>(provider).unwrap());
    let value = r#"{"key":"k","value":"v","expires_at":9,"later":1}"#;
    let record = format!(r#"{{"v":1,"values":[{value}]}}"#);
    again(&from_json::<AttestationRecord>(record).unwrap());
}

/// A chain on which every contract answers raw queries for `key` with `value`.
fn chain(key: &'static [u8], value: Option<Vec<u8>>) -> MockQuerier {
    let mut querier: MockQuerier = MockQuerier::new(&[]);
    querier.update_wasm(move |query| match query {
        WasmQuery::Raw { key: asked, .. } if asked.as_slice() == key => {
            SystemResult::Ok(ContractResult::Ok(value.clone().unwrap_or_default().into()))
        }
        _ => SystemResult::Ok(ContractResult::Ok(Vec::new().into())),
    });
    querier
}

fn read(value: Option<Vec<u8>>) -> Result<Option<ProviderStats>, PublishedError> {
    let querier = chain(b"\x00\x01bprovider", value);
    published::read(
        &QuerierWrapper::<Empty>::new(&querier),
        "orderbook",
        provider_stats_key("provider"),
    )
}

#[test]
fn a_record_of_another_version_is_refused_and_none_is_none() {
    let stats = |v| to_json_vec(&ProviderStats { v, ..ProviderStats::default() }).unwrap();
    assert_eq!(read(None), Ok(None));
    assert_eq!(read(Some(stats(1))).unwrap().unwrap().v, 1);
    for found in [0, 2, 255] {
        let error = PublishedError::Version {
            address: "orderbook".into(),
            record: "provider stats",
            found,
        };
        assert_eq!(read(Some(stats(found))), Err(error));
    }
    assert!(matches!(read(Some(b"garbage".to_vec())), Err(PublishedError::Std(_))));
}

#[test]
fn a_wrong_address_is_found_by_its_name() {
    let probe = |value: Option<&[u8]>| {
        let querier = chain(b"contract_info", value.map(<[u8]>::to_vec));
        published::probe(&QuerierWrapper::<Empty>::new(&querier), "there", names::ESCROW)
    };
    let named = |name: &str| format!(r#"{{"contract":"{name}","version":"1.2.3"}}"#);
    assert_eq!(probe(Some(named(names::ESCROW).as_bytes())), Ok(()));
    for wrong in [Some(named(names::ORDERBOOK).into_bytes()), Some(b"{}".to_vec()), None] {
        let error = probe(wrong.as_deref()).unwrap_err();
        assert!(matches!(error, PublishedError::WrongContract { .. }), "{error}");
    }
}
