//! What an auction makes of attestations that change between a bid and its close.

use cosmwasm_std::Addr;
use souk_api::orderbook::OrderState;
use souk_core::{OrderId, SignedBy, time::HOUR};

use crate::market::*;

/// An auction of five minutes in which `auditor` must attest who bids, and a provider.
fn audited() -> (Market, Addr, OrderId) {
    let mut market = Market::new();
    let pro = market.provider("pro");
    let mut audited = group("web", 1_000);
    let auditor = market.who("auditor").to_string();
    audited.requirements.signed_by = SignedBy { all_of: vec![auditor], any_of: vec![] };
    let new = deployment(&[audited], lowest_price(300));
    let id = market.create("ann", &new, PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    (market, pro, order)
}

#[test]
fn revocation_disqualifies_but_expiry_after_the_close_does_not() {
    for revoked in [false, true] {
        let (mut market, pro, order) = audited();
        market.attest("auditor", &pro, &[eu()], market.now() + 901);
        market.place("pro", order, 500).unwrap();
        if revoked {
            market.revoke("auditor", &pro);
        }
        // Nobody closes it for an hour: eligibility was settled with the bid.
        market.lapse(HOUR);
        market.close_auction(order, 1).unwrap();
        let state = market.order_of(order).state;
        let disqualified = state == OrderState::Open && market.bids(order).is_empty();
        assert_eq!((state == OrderState::Active, disqualified), (!revoked, revoked));
    }
}

#[test]
fn an_attestation_that_was_shortened_to_end_before_the_auction_disqualifies() {
    for (until, state, bids) in [(901, OrderState::Active, 1), (899, OrderState::Open, 0)] {
        let (mut market, pro, order) = audited();
        let began = market.now();
        market.attest("auditor", &pro, &[eu()], began + HOUR);
        market.place("pro", order, 500).unwrap();
        market.attest("auditor", &pro, &[eu()], began + until);
        market.lapse(HOUR);
        market.close_auction(order, 1).unwrap();
        assert_eq!((market.order_of(order).state, market.bids(order).len()), (state, bids));
    }
}
