//! A provider's word that it was there, which others send for it.

use cosmwasm_std::HexBinary;
use ed25519_zebra::{SigningKey, VerificationKey};
use souk_api::{orderbook::Statement, registry};
use souk_core::presence::{self, Market as Named};

use super::*;

fn key() -> SigningKey {
    SigningKey::from([7; 32])
}

fn set_key(market: &mut Market, name: &str, key: Option<&SigningKey>) {
    let (operator, at) = (market.operator(name), market.registry.clone());
    let key = key.map(|key| HexBinary::from(<[u8; 32]>::from(VerificationKey::from(key))));
    let msg = registry::ExecuteMsg::SetQuoteKey { provider: market.who(name).into(), key };
    market.call(&operator, &at, &msg, 0).unwrap();
}

/// As the agent of `pro` signs it.
fn signed(market: &Market, key: &SigningKey, issued_at: u64) -> Statement {
    let chain_id = market.app.block_info().chain_id;
    let named = Named { chain_id: &chain_id, orderbook: market.orderbook.as_str() };
    let bytes = presence::statement(named, market.who("pro").as_str(), issued_at);
    Statement { issued_at, signature: HexBinary::from(key.sign(&bytes).to_bytes()) }
}

fn pass_on(
    market: &mut Market,
    name: &str,
    said: Statement,
) -> Result<cw_multi_test::AppResponse, ContractError> {
    let provider = market.who("pro").into();
    let msg = ExecuteMsg::Heartbeat { provider, statement: Some(said) };
    market.send(&market.who(name), &msg)
}

#[test]
fn anyone_passes_on_what_the_agent_signed_and_it_counts_for_the_second_that_it_names() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    set_key(&mut market, "pro", Some(&key()));
    market.lapse(2 * HOUR);
    let issued_at = market.now();
    let said = signed(&market, &key(), issued_at);
    // It lies at a gateway for an hour.
    market.lapse(HOUR);
    let response = pass_on(&mut market, "stranger", said).unwrap();
    let provider = market.who("pro").to_string();
    assert_eq!(
        market.events_of::<ProviderSeen>(&response),
        [ProviderSeen { provider, at: issued_at }]
    );
    let block = market.app.block_info().height;
    assert_eq!(market.stats_of("pro").seen_block, block, "its blocks count from the message on");
    assert_eq!(absent_from(&market, order), (issued_at + 6 * HOUR, block + BLOCKS));
    market.lapse(6 * HOUR).close_absent("ann", order).unwrap();
    assert_eq!(market.stream(id, order).earned, amount(PRICE * 9 / 2), "3 hours and a half more");
}

#[test]
fn it_is_refused_if_it_is_old_from_the_future_or_not_the_providers() {
    let mut market = Market::new();
    leased(&mut market, SIX_HOURS);
    market.lapse(HOUR);
    let (now, provider) = (market.now(), market.who("pro"));
    let said = signed(&market, &key(), now);
    let no_key = AbsenceError::NoQuoteKey(provider.clone());
    assert_eq!(pass_on(&mut market, "ann", said.clone()).unwrap_err(), no_key.into());
    set_key(&mut market, "pro", Some(&key()));

    let future = signed(&market, &key(), now + 1);
    let error = AbsenceError::FromTheFuture { issued_at: now + 1, now };
    assert_eq!(pass_on(&mut market, "ann", future).unwrap_err(), error.into());
    let not_its = |issued_at| AbsenceError::NotItsWord { provider: provider.clone(), issued_at };
    let other = signed(&market, &SigningKey::from([8; 32]), now);
    let earlier = Statement { issued_at: now - 1, ..said.clone() };
    let cut = Statement { issued_at: now, signature: HexBinary::from([7; 63]) };
    let none = Statement { issued_at: now, signature: HexBinary::default() };
    for wrong in [other, earlier, cut, none] {
        let error = not_its(wrong.issued_at);
        assert_eq!(pass_on(&mut market, "ann", wrong).unwrap_err(), error.into());
    }
    // That of one market says nothing in another.
    let named = Named { chain_id: "another", orderbook: market.orderbook.as_str() };
    let bytes = presence::statement(named, provider.as_str(), now);
    let elsewhere =
        Statement { issued_at: now, signature: HexBinary::from(key().sign(&bytes).to_bytes()) };
    assert_eq!(pass_on(&mut market, "ann", elsewhere).unwrap_err(), not_its(now).into());

    pass_on(&mut market, "ann", said.clone()).unwrap();
    let not_new = AbsenceError::NotNew { provider: provider.clone(), issued_at: now, seen_at: now };
    assert_eq!(pass_on(&mut market, "ann", said).unwrap_err(), not_new.into(), "not twice");
    market.lapse(HOUR).heartbeat("pro").unwrap();
    let old = signed(&market, &key(), market.now() - 1);
    assert!(pass_on(&mut market, "ann", old).is_err(), "when it was seen never falls");
}

#[test]
fn words_that_were_kept_do_not_keep_a_provider_that_is_gone_from_being_absent() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    set_key(&mut market, "pro", Some(&key()));
    let kept: Vec<_> = (1..60).map(|n| signed(&market, &key(), market.now() + n * 60)).collect();
    let last = market.now() + 59 * 60;
    // For an hour after its last word they can be passed on, and no longer.
    market.lapse(2 * HOUR);
    for said in kept {
        let passed = said.issued_at + HOUR >= market.now();
        assert_eq!(pass_on(&mut market, "friend", said).is_ok(), passed);
    }
    let unseen = market.lease_of(order).unseen.unwrap();
    assert!(unseen.since <= last && unseen.from <= last + 6 * HOUR);
    market.blocks(BLOCKS, 6 * HOUR).close_absent("ann", order).unwrap();
}

#[test]
fn another_key_or_operator_makes_void_what_was_signed_before() {
    let mut market = Market::new();
    leased(&mut market, SIX_HOURS);
    set_key(&mut market, "pro", Some(&key()));
    market.lapse(HOUR);
    let said = signed(&market, &key(), market.now());
    set_key(&mut market, "pro", Some(&SigningKey::from([8; 32])));
    assert!(pass_on(&mut market, "ann", said.clone()).is_err());
    set_key(&mut market, "pro", Some(&key()));
    let (owner, registry) = (market.who("pro"), market.registry.clone());
    let msg = registry::ExecuteMsg::SetOperator { operator: market.who("new").into() };
    market.call(&owner, &registry, &msg, 0).unwrap();
    let error = AbsenceError::NoQuoteKey(owner);
    assert_eq!(pass_on(&mut market, "ann", said).unwrap_err(), error.into());
}

#[test]
fn nobody_speaks_for_a_provider_without_leases_and_a_pause_stops_no_word() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    set_key(&mut market, "pro", Some(&key()));
    market.pause(true);
    market.lapse(HOUR);
    let said = signed(&market, &key(), market.now());
    pass_on(&mut market, "stranger", said).unwrap();
    market.pause(false);
    market.tenant_closes("ann", order).unwrap();
    market.lapse(HOUR);
    let said = signed(&market, &key(), market.now());
    let error = AbsenceError::NoLeases(market.who("pro"));
    assert_eq!(pass_on(&mut market, "stranger", said).unwrap_err(), error.into());
}
