//! Whatever is attested and revoked in whatever order, a provider's list is true.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeMap;

use common::{Fixture, attest, revoke};
use cosmwasm_std::Addr;
use proptest::prelude::*;
use souk_api::attestations::{AttestationResponse, AttestationsResponse, CheckResponse, QueryMsg};

const KEYS: [&str; 4] = ["aa", "bb", "cc", "dd"];

fn list(fixture: &Fixture, provider: &Addr, page: u32) -> Vec<AttestationResponse> {
    let mut all: Vec<AttestationResponse> = Vec::new();
    loop {
        let msg = QueryMsg::Attestations {
            provider: provider.to_string(),
            start_after: all.last().map(|last| last.auditor.clone()),
            limit: Some(page),
        };
        let answer: AttestationsResponse = fixture.ask(&msg);
        if answer.attestations.is_empty() {
            return all;
        }
        assert!(answer.attestations.len() <= usize::try_from(page).unwrap());
        all.extend(answer.attestations);
    }
}

/// (auditor, provider, key or all, attest or revoke)
fn steps() -> impl Strategy<Value = Vec<(usize, usize, Option<usize>, bool)>> {
    let key = prop_oneof![4 => (0usize..4).prop_map(Some), 1 => Just(None)];
    prop::collection::vec((0usize..4, 0usize..2, key, any::<bool>()), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_list_names_exactly_the_auditors_whose_word_stands(steps in steps()) {
        let mut fixture = Fixture::new();
        let auditors = ["a", "b", "c", "d"].map(|name| fixture.someone(name));
        let providers = ["p", "q"].map(|name| fixture.someone(name));
        let end = fixture.now() + 1_000;
        let mut model: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
        for (auditor, provider, key, attests) in steps {
            let (auditor, provider) = (&auditors[auditor], &providers[provider]);
            let keys = key.map_or(KEYS.to_vec(), |key| vec![KEYS[key]]);
            let existing =
                model.entry((provider.to_string(), auditor.to_string())).or_default();
            if attests {
                let values: Vec<_> = keys.iter().map(|key| (*key, "v")).collect();
                fixture.send(auditor, &attest(provider, &values, end)).unwrap();
                existing.extend(keys);
                existing.sort_unstable();
                existing.dedup();
            } else {
                let named = key.map(|key| vec![KEYS[key]]);
                let sent = fixture.send(auditor, &revoke(provider, named.as_deref()));
                let known = keys.iter().any(|key| existing.contains(key));
                prop_assert_eq!(sent.is_ok(), known);
                existing.retain(|key| !keys.contains(key));
            }
        }
        for provider in &providers {
            let expected: Vec<_> = model
                .iter()
                .filter(|((of, _), keys)| *of == provider.as_str() && !keys.is_empty())
                .map(|((_, auditor), keys)| (auditor.clone(), keys.clone()))
                .collect();
            let shown = list(&fixture, provider, 3);
            let shown: Vec<_> = shown
                .iter()
                .map(|entry| {
                    let keys: Vec<_> = entry.values.iter().map(|v| v.key.as_str()).collect();
                    (entry.auditor.clone(), keys)
                })
                .collect();
            prop_assert_eq!(shown, expected);
            let answer: CheckResponse = fixture.ask(&QueryMsg::Check {
                provider: provider.to_string(),
                auditors: auditors.iter().map(ToString::to_string).collect(),
                keys: Some(vec!["aa".into(), "c*".into()]),
                at: Some(end - 1),
            });
            prop_assert_eq!(answer.auditors.len(), auditors.len());
            for of in answer.auditors {
                let all = model.get(&(provider.to_string(), of.auditor)).cloned();
                let mut asked = all.unwrap_or_default();
                asked.retain(|key| ["aa", "cc"].contains(key));
                let keys: Vec<_> = of.values.iter().map(|value| value.key.as_str()).collect();
                prop_assert_eq!(keys, asked);
            }
        }
    }
}
