//! What an auction makes of attestations that change between a bid and its close.

use souk_api::orderbook::OrderState;
use souk_core::{SignedBy, time::HOUR};

use crate::market::*;

#[test]
fn an_attestation_that_was_shortened_to_end_before_the_auction_disqualifies() {
    for (until, state, bids) in [(901, OrderState::Active, 1), (899, OrderState::Open, 0)] {
        let mut market = Market::new();
        let pro = market.provider("pro");
        let mut audited = group("web", 1_000);
        let auditor = market.who("auditor").to_string();
        audited.requirements.signed_by = SignedBy { all_of: vec![auditor], any_of: vec![] };
        let new = deployment(&[audited], lowest_price(300));
        let id = market.create("ann", &new, PLENTY).unwrap();
        let order = market.deployment(id).groups[0].order;
        let began = market.now();
        market.attest("auditor", &pro, &[eu()], began + HOUR);
        market.place("pro", order, 500).unwrap();
        market.attest("auditor", &pro, &[eu()], began + until);
        market.lapse(HOUR);
        market.close_auction(order, 1).unwrap();
        assert_eq!((market.order_of(order).state, market.bids(order).len()), (state, bids));
    }
}
