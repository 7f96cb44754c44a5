//! The bytes that agents sign, and the signatures, are those of the committed vectors, which another language
//! checks as well (`tests/cosmjs/vectors.test.mjs`).
#![allow(clippy::unwrap_used)]

use std::path::Path;

use cosmwasm_std::to_json_string;
use ed25519_zebra::{SigningKey, VerificationKey};
use serde_json::{Value, json};
use souk_api::orderbook::{Absence, LeaseTerms, Quote, QuotedFor};
use souk_core::{
    Attribute, Denom, Gpu, GroupSpec, GroupUnit, Price, Requirements, Resources, SignedBy, Volume,
    presence::{Market, statement},
};
use souk_gateway::{
    Presence,
    quote::{is_signed_by, sign},
};

fn vectors(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name)
}

fn seed(of: u8) -> [u8; 32] {
    std::array::from_fn(|n| of.wrapping_mul(31).wrapping_add(n as u8))
}

/// Key, market, provider and second of each.
fn said() -> Vec<(u8, &'static str, &'static str, &'static str, u64)> {
    vec![
        (1, "souk-1", "souk1orderbook", "souk1provider", 1_800_000_000),
        (2, "s", "", "", 0),
        (3, "\u{1f6f0}-7", "souk1\u{fc}ber", "souk1provider", u64::MAX),
        (1, "souk-1", "souk1orderbooksouk1", "provider", 1_800_000_000),
    ]
}

fn now() -> Value {
    let all = said().into_iter().map(|(key, chain_id, orderbook, provider, issued_at)| {
        let (market, signing) = (Market { chain_id, orderbook }, SigningKey::from(seed(key)));
        let public = <[u8; 32]>::from(VerificationKey::from(&signing));
        let presence = Presence::sign(&signing, market, provider, issued_at);
        assert!(presence.is_signed_by(&public, market));
        json!({
            "seed": hex::encode(seed(key)),
            "key": hex::encode(public),
            "chain_id": chain_id,
            "orderbook": orderbook,
            "provider": provider,
            // Beyond what JSON's readers take for a number.
            "issued_at": issued_at.to_string(),
            "bytes": hex::encode(statement(market, provider, issued_at)),
            "signature": presence.signature,
        })
    });
    Value::Array(all.collect())
}

/// Key, whom the quote is for, and what is quoted.
fn quoted() -> Vec<(u8, GroupSpec, Denom, Option<Absence>, Quote)> {
    let price = |units| Price::new(units).unwrap();
    let plain = Quote {
        provider: "souk1provider".into(),
        price: price(1),
        max_take_bps: 0,
        offer: Vec::new(),
        reclamation_window: None,
        issued_at: 0,
        valid_until: 0,
        nonce: 0,
        signature: Vec::new().into(),
    };
    let small = GroupSpec {
        name: "web".into(),
        requirements: Requirements::default(),
        units: Vec::new(),
        ceiling: price(1),
    };
    let full = Quote {
        price: Price::MAX,
        max_take_bps: u16::MAX,
        offer: vec![
            Attribute::new("gpu/model", "h100"),
            Attribute::new("tier", "\u{fc} \"1\"\n\u{1f}"),
        ],
        reclamation_window: Some(3_600),
        issued_at: 1_800_000_000,
        valid_until: 1_800_000_060,
        nonce: 1_800_000_000_000_001,
        ..plain.clone()
    };
    let resources = Resources {
        cpu_milli: 500,
        cpu_attributes: vec![Attribute::new("arch", "amd64")],
        memory: 512 << 20,
        gpu: Some(Gpu {
            units: 8,
            attributes: vec![Attribute::new("vendor/nvidia/model/h100", "true")],
        }),
        storage: vec![Volume { name: "data".into(), size: 1 << 40, attributes: Vec::new() }],
        endpoints: Vec::new(),
    };
    let auditors = SignedBy { all_of: vec!["souk1auditor".into()], any_of: Vec::new() };
    let large = GroupSpec {
        name: "training".into(),
        requirements: Requirements {
            signed_by: auditors,
            attributes: vec![Attribute::new("region", "eu-west")],
        },
        units: vec![GroupUnit { id: 1, resources, count: 20 }],
        ceiling: Price::MAX,
    };
    let absence = Absence { limit: 21_600, anyone_closes: true, reopens: true };
    let token = Denom::Cw20("souk1token".into());
    vec![
        (1, small.clone(), Denom::native("usouk"), None, plain.clone()),
        (2, small, Denom::native("usouk"), Some(Absence::default()), plain),
        (3, large, token, Some(absence), full),
    ]
}

fn quotes_now() -> Value {
    let all = quoted().into_iter().map(|(key, spec, denom, absence, quote)| {
        let signing = SigningKey::from(seed(key));
        let public = <[u8; 32]>::from(VerificationKey::from(&signing));
        let market = Market { chain_id: "souk-1", orderbook: "souk1orderbook" };
        let whom = QuotedFor { market, tenant: "souk1tenant", spec: &spec, denom: &denom, absence };
        let quote = sign(&signing, quote, whom);
        assert!(is_signed_by(&quote, &public, whom));
        let terms = LeaseTerms { absence, reclamation_window: quote.reclamation_window };
        json!({
            "seed": hex::encode(seed(key)),
            "key": hex::encode(public),
            "chain_id": market.chain_id,
            "orderbook": market.orderbook,
            "provider": quote.provider,
            "tenant": whom.tenant,
            // As the orderbook stores them, so that their order is kept.
            "group": to_json_string(&spec).unwrap(),
            "terms": to_json_string(&terms).unwrap(),
            "denom": denom.to_string(),
            "price": quote.price.to_string(),
            "max_take_bps": quote.max_take_bps,
            "offer": to_json_string(&quote.offer).unwrap(),
            "issued_at": quote.issued_at.to_string(),
            "valid_until": quote.valid_until.to_string(),
            "nonce": quote.nonce.to_string(),
            "bytes": hex::encode(quote.signed_bytes(whom).unwrap()),
            "signature": quote.signature.to_hex(),
        })
    });
    Value::Array(all.collect())
}

fn assert_committed(name: &str, now: &Value) {
    let path = vectors(name);
    if std::env::var_os("SOUK_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(now).unwrap() + "\n").unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(*now, committed);
}

#[test]
fn the_signed_bytes_and_signatures_are_those_of_the_vectors() {
    assert_committed("presence.json", &now());
    assert_committed("quote.json", &quotes_now());
}
