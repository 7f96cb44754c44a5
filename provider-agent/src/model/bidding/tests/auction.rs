//! Binding auctions: what leads them, and for how long a claim must hold.

use souk_api::published::{AttestationRecord, AttestedValue};
use souk_core::{Attribute, SignedBy};

use super::{super::*, fixture::*};
use crate::model::Order;

#[test]
fn in_a_binding_auction_attestations_must_outlive_its_latest_close() {
    let mut spec = group();
    spec.requirements.attributes = vec![Attribute::new("tier", "gold")];
    spec.requirements.signed_by = SignedBy { all_of: vec!["souk1aud".into()], any_of: vec![] };
    // Created at 100, closes after 900, and ten extensions of a minute.
    let latest = 100 + 900 + 600;
    let mut fixture = fixture();
    for (expires_at, free, bound) in
        [(501, true, false), (latest, true, false), (latest + 1, true, true), (500, false, false)]
    {
        let value = AttestedValue { key: "tier".into(), value: "gold".into(), expires_at };
        let record = AttestationRecord { v: 1, values: vec![value] };
        fixture.attestations.set_list([("souk1aud".into(), record)], true);
        let bids = |order: &Order| price_of(&fixture.decide(order)).is_some();
        assert_eq!(bids(&order(spec.clone())), free, "free choice, until {expires_at}");
        assert_eq!(bids(&binding(spec.clone())), bound, "binding, until {expires_at}");
    }
}

#[test]
fn a_binding_auction_is_led_by_as_little_as_it_takes_and_never_below_the_floor() {
    let mut fixture = fixture();
    fixture.config = config("auction_floor_percent = 80");
    for (rival, expected) in [
        (None, Some(PRICE)),
        (Some(5_000), Some(PRICE)),
        (Some(1_200), Some(1_199)),
        (Some(1_000), Some(999)),
        (Some(961), Some(960)),
        (Some(960), None),
        (Some(1), None),
    ] {
        fixture.best = None;
        rival.into_iter().for_each(|price| fixture.rival(price));
        assert_eq!(price_of(&fixture.decide(&binding(group()))), expected, "rival at {rival:?}");
        // Where the tenant chooses, others' bids change nothing.
        assert_eq!(price_of(&fixture.decide(&order(group()))), Some(PRICE));
    }
}

#[test]
fn a_bid_is_lowered_by_a_hundredth_at_least_if_it_lost_the_lead_and_it_pays() {
    let mut fixture = fixture();
    fixture.config = config("auction_floor_percent = 80");
    for (own, rival, expected) in [
        (1_200, Some(1_300), None),
        (1_200, Some(1_199), Some(1_188)),
        (1_200, Some(1_200), Some(1_188)),
        (1_200, Some(1_000), Some(999)),
        (970, Some(969), Some(960)),
        (969, Some(968), None),
        (1_200, None, None),
    ] {
        fixture.own_bid = Some(own);
        fixture.best = None;
        rival.into_iter().for_each(|price| fixture.rival(price));
        let decision = fixture.decide(&binding(group()));
        assert_eq!(price_of(&decision), expected, "own {own}, rival {rival:?}: {decision:?}");
        assert_eq!(fixture.decide(&order(group())), Decision::Stay, "the tenant chooses");
    }
    fixture.own_bid = Some(1_200);
    fixture.rival(1_000);
    fixture.now = 1_000;
    assert_eq!(fixture.decide(&binding(group())), Decision::Stay, "the auction is over");
}
