//! The bytes that agents sign, and the signatures, are those of the committed vectors, which another language
//! checks as well (`tests/cosmjs/vectors.test.mjs`).
#![allow(clippy::unwrap_used)]

use std::path::Path;

use ed25519_zebra::{SigningKey, VerificationKey};
use serde_json::{Value, json};
use souk_core::presence::{Market, statement};
use souk_gateway::Presence;

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/presence.json")
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

#[test]
fn the_signed_bytes_and_signatures_are_those_of_the_vectors() {
    let path = vectors();
    if std::env::var_os("SOUK_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(&now()).unwrap() + "\n").unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(now(), committed);
}
