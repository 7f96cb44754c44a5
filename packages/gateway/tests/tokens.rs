//! What a token opens, and what it does not.
#![allow(clippy::unwrap_used)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use k256::ecdsa::{Signature, SigningKey, signature::Signer};
use proptest::prelude::*;
use souk_core::OrderId;
use souk_gateway::{
    Access, Audience, Claims, Scope, TokenError,
    token::{LeaseAccess, Policy, address, issue, signing_document, verify},
};

const NOW: u64 = 1_800_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn audience() -> Audience {
    Audience {
        chain_id: "souk-dev".into(),
        orderbook: "souk1book".into(),
        provider: "souk1provider".into(),
    }
}

fn policy() -> Policy {
    Policy { audience: audience(), prefix: "souk".into() }
}

fn claims(key: &SigningKey) -> Claims {
    Claims {
        iss: address("souk", key.verifying_key()).unwrap(),
        aud: audience(),
        iat: NOW - 10,
        exp: NOW + 600,
        access: Access::Full,
    }
}

#[test]
fn a_wallets_token_opens_its_own_doors() {
    let key = key(1);
    let claims = claims(&key);
    assert_eq!(verify(&issue(&key, &claims), &policy(), NOW), Ok(claims));
}

#[test]
fn a_browser_wallets_token_counts_as_well() {
    let key = key(1);
    let claims = claims(&key);
    let (input, document) = signing_document(key.verifying_key(), &claims);
    let signature: Signature = key.sign(&document);
    let signature = signature.normalize_s().unwrap_or(signature);
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
    assert_eq!(verify(&token, &policy(), NOW), Ok(claims));
}

#[test]
fn an_expired_token_opens_nothing() {
    let key = key(1);
    let token = issue(&key, &claims(&key));
    let late = NOW + 600;
    assert_eq!(verify(&token, &policy(), late), Err(TokenError::Expired { exp: late, now: late }));
}

#[test]
fn a_token_may_not_live_longer_than_an_hour() {
    let key = key(1);
    let long = Claims { exp: NOW + 3_600, ..claims(&key) };
    assert_eq!(verify(&issue(&key, &long), &policy(), NOW), Err(TokenError::Lifetime(3_610)));
}

#[test]
fn a_token_from_the_future_opens_nothing() {
    let key = key(1);
    let early = Claims { iat: NOW + 120, ..claims(&key) };
    let refused = verify(&issue(&key, &early), &policy(), NOW);
    assert_eq!(refused, Err(TokenError::NotYet { iat: NOW + 120, now: NOW }));
}

#[test]
fn a_token_for_another_provider_chain_or_orderbook_opens_nothing() {
    let key = key(1);
    for change in [
        |aud: &mut Audience| aud.provider = "souk1other".into(),
        |aud: &mut Audience| aud.chain_id = "souk-main".into(),
        |aud: &mut Audience| aud.orderbook = "souk1other".into(),
    ] {
        let mut claims = claims(&key);
        change(&mut claims.aud);
        let refused = verify(&issue(&key, &claims), &policy(), NOW);
        assert!(matches!(refused, Err(TokenError::Audience { .. })), "{refused:?}");
    }
}

#[test]
fn nobody_can_speak_for_another_wallet() {
    let forged = claims(&key(1));
    let refused = verify(&issue(&key(2), &forged), &policy(), NOW);
    assert!(matches!(refused, Err(TokenError::Issuer { .. })), "{refused:?}");
}

#[test]
fn a_malleable_signature_is_refused() {
    let key = key(1);
    let token = issue(&key, &claims(&key));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let low = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let (r, s) = low.split_scalars();
    let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(high.to_bytes()));
    let refused = verify(&token, &policy(), NOW);
    assert_eq!(refused, Err(TokenError::Signature("it is malleable (high S)")));
}

#[test]
fn other_algorithms_are_not_read() {
    let key = key(1);
    let token = issue(&key, &claims(&key));
    let (_, rest) = token.split_once('.').unwrap();
    for alg in ["none", "HS256", "ES256"] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT","pub":""}}"#));
        let refused = verify(&format!("{header}.{rest}"), &policy(), NOW);
        assert!(matches!(refused, Err(TokenError::Malformed(_))), "{refused:?}");
    }
}

#[test]
fn a_narrow_token_opens_only_what_it_names() {
    let access = Access::Leases(vec![LeaseAccess { order: OrderId(7), scopes: vec![Scope::Logs] }]);
    assert!(access.allows(OrderId(7), Scope::Logs));
    assert!(!access.allows(OrderId(7), Scope::Shell));
    assert!(!access.allows(OrderId(8), Scope::Logs));
}

proptest! {
    #[test]
    fn a_token_changed_anywhere_opens_nothing(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let key = key(1);
        let token = issue(&key, &claims(&key));
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        prop_assert!(verify(&changed, &policy(), NOW).is_err());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,300}") {
        prop_assert!(verify(&text, &policy(), NOW).is_err());
    }
}
