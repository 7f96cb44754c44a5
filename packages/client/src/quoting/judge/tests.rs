//! A table of what gateways may say, and of what is believed.

use ed25519_zebra::SigningKey;
use serde_json::json;
use souk_api::orderbook::{Absence, Reclamation};
use souk_core::{Attribute, Denom, presence::Market as Place};
use souk_gateway::quote;

use super::*;
use crate::quoting::testing::{key, price, record};

const PLACE: Place = Place { chain_id: "souk-1", orderbook: "souk1book" };
const NOW: u64 = 1_800_000_000;

fn spec() -> GroupSpec {
    let (name, units, ceiling) = ("web".into(), Vec::new(), price(1_000));
    GroupSpec { name, requirements: Default::default(), units, ceiling }
}

fn wanted() -> Wanted {
    Wanted {
        tenant: "souk1ann".to_owned(),
        denom: Denom::native("usouk"),
        groups: vec![spec()],
        absence: Absence::default(),
        reclamation: None,
        take_bps: 200,
        min_price: Some(price(10)),
        allow: Vec::new(),
        refuse: Vec::new(),
    }
}

fn whom<'a>(wanted: &'a Wanted, spec: &'a GroupSpec) -> QuotedFor<'a> {
    let (tenant, denom) = (wanted.tenant.as_str(), &wanted.denom);
    QuotedFor { market: PLACE, tenant, spec, denom, absence: Some(wanted.absence) }
}

fn quoted(units: u128) -> Quote {
    Quote {
        provider: "souk1pro".to_owned(),
        price: price(units),
        max_take_bps: 200,
        offer: Vec::new(),
        reclamation_window: None,
        issued_at: NOW - 5,
        valid_until: NOW + 55,
        nonce: 9,
        signature: Vec::new().into(),
    }
}

fn offered(units: u128) -> QuoteAnswer {
    QuoteAnswer::Offered { price: price(units), offer: Vec::new(), reclamation_window: None }
}

#[test]
fn a_price_counts_within_what_the_chain_would_take() {
    let floor = json!([{ "denom": { "native": "usouk" }, "cpu": "0", "memory": "0", "gpu": "0" }]);
    let floors = serde_json::from_value(floor).unwrap();
    let provider = ProviderResponse { floors, ..record() };
    for (units, why) in [
        (1_000, None),
        (1_001, Some("above your highest")),
        (10, None),
        (9, Some("below the least")),
    ] {
        let judged = unsigned(offered(units), &spec(), &wanted(), &provider, NOW);
        let error = judged.err();
        assert_eq!(error.is_some(), why.is_some(), "{units}: {error:?}");
        assert!(error.is_none_or(|error| error.contains(why.unwrap())));
    }
}

#[test]
fn a_notice_is_offered_where_it_is_asked_for_and_long_enough() {
    for (asked, given, fine) in [
        (None, None, true),
        (None, Some(3_600), false),
        (Some(7_200), None, false),
        (Some(7_200), Some(7_199), false),
        (Some(7_200), Some(7_200), true),
        (Some(7_200), Some(2_592_001), false),
    ] {
        let wanted =
            Wanted { reclamation: asked.map(|min_window| Reclamation { min_window }), ..wanted() };
        let answer = QuoteAnswer::Offered {
            price: price(500),
            offer: Vec::new(),
            reclamation_window: given,
        };
        let judged = unsigned(answer, &spec(), &wanted, &record(), NOW);
        assert_eq!(judged.is_ok(), fine, "{asked:?} {given:?}: {judged:?}");
    }
}

#[test]
fn what_is_no_answer_to_the_question_does_not_count() {
    let many = QuotesResponse { answers: vec![offered(5), offered(5)] };
    assert!(each(many, 1).unwrap_err().contains("2 answers about 1 groups"));
    assert!(each(QuotesResponse { answers: Vec::new() }, 1).is_err());
    let signed = QuoteAnswer::Signed(Box::new(quoted(500)));
    assert!(unsigned(signed, &spec(), &wanted(), &record(), NOW).is_err());
    let said = QuoteAnswer::Declined { reason: "no\nGPU".to_owned() };
    assert_eq!(unsigned(said, &spec(), &wanted(), &record(), NOW).unwrap_err(), "no GPU");
    let attribute = Attribute::new("gpu/model", "h100");
    let offer = vec![attribute.clone(), attribute];
    let twice = QuoteAnswer::Offered { price: price(500), offer, reclamation_window: None };
    assert!(unsigned(twice, &spec(), &wanted(), &record(), NOW).is_err());
}

/// What is said of a quote that is signed for `signed_for` and held against what was wanted.
fn held(quote: Quote, key: &SigningKey, signed_for: QuotedFor<'_>) -> Result<Quote, String> {
    let (wanted, spec) = (wanted(), spec());
    let before = Offered { price: price(500), offer: Vec::new(), reclamation_window: None };
    let answer = QuoteAnswer::Signed(Box::new(quote::sign(key, quote, signed_for)));
    signed(answer, &before, &wanted, &record(), (whom(&wanted, &spec), NOW))
}

#[test]
fn a_quote_counts_that_its_provider_signed_for_this_at_no_more_than_it_said() {
    let (wanted, spec) = (wanted(), spec());
    let whom = whom(&wanted, &spec);
    for units in [10, 499, 500] {
        assert_eq!(held(quoted(units), &key(), whom).unwrap().price, price(units));
    }
    let offer = vec![Attribute::new("gpu/model", "t4")];
    for (quote, why) in [
        (quoted(501), "signs for 501 what it offered for 500"),
        (quoted(9), "below the least"),
        (Quote { offer, ..quoted(500) }, "something else"),
        (Quote { reclamation_window: Some(3_600), ..quoted(500) }, "something else"),
        (Quote { max_take_bps: 199, ..quoted(500) }, "take rate"),
        (Quote { provider: "souk1eve".to_owned(), ..quoted(500) }, "somebody else"),
    ] {
        let error = held(quote, &key(), whom).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn a_quote_for_another_or_of_another_key_does_not_count() {
    let (wanted, spec) = (wanted(), spec());
    let whom = whom(&wanted, &spec);
    let (dearer, other_denom) =
        (GroupSpec { ceiling: price(1_001), ..spec.clone() }, Denom::native("uatom"));
    for signed_for in [
        QuotedFor { tenant: "souk1eve", ..whom },
        QuotedFor { market: Place { chain_id: "souk-2", ..PLACE }, ..whom },
        QuotedFor { market: Place { orderbook: "souk1other", ..PLACE }, ..whom },
        QuotedFor { spec: &dearer, ..whom },
        QuotedFor { denom: &other_denom, ..whom },
        QuotedFor { absence: None, ..whom },
    ] {
        let error = held(quoted(500), &key(), signed_for).unwrap_err();
        assert!(error.contains("not signed with its key"), "{signed_for:?}: {error}");
    }
    let other = SigningKey::from([8; 32]);
    assert!(held(quoted(500), &other, whom).is_err());
    assert!(held(quoted(500), &key(), whom).is_ok());
}

#[test]
fn a_quote_counts_while_it_can_come_into_a_block() {
    let (wanted, spec) = (wanted(), spec());
    for (issued_at, valid_until, fine) in [
        (NOW, NOW + 60, true),
        (NOW + 10, NOW + 60, true),
        (NOW + 11, NOW + 60, false),
        (NOW - 50, NOW + 20, true),
        (NOW - 50, NOW + 19, false),
        (NOW - 60, NOW - 1, false),
        (NOW, NOW + 600, true),
        (NOW, NOW + 601, false),
        (NOW, u64::MAX, false),
    ] {
        let quote = Quote { issued_at, valid_until, ..quoted(500) };
        let found = held(quote, &key(), whom(&wanted, &spec));
        assert_eq!(found.is_ok(), fine, "{issued_at} to {valid_until}: {found:?}");
    }
}
