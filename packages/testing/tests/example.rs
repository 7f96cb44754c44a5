//! A test to copy: a market by names, one step that must be refused, and the reason.

#![allow(clippy::unwrap_used)]

use souk_core::Price;
use souk_testing::{Market, gpu, group, refused::ByOrderbook, souk};

#[test]
fn a_bid_above_the_ceiling_is_refused_with_both_prices() {
    let mut market = Market::new().provider("cheap", gpu("h100", 8)).tenant("ann", souk(50));
    let web = group("web").gpu("h100", 1).ceiling(900_000);
    let order = market.deploy("ann", web, souk(20)).unwrap().order();

    let error = market.bid("cheap", order, 900_001).unwrap_err();

    let above_the_ceiling = ByOrderbook::PriceAboveCeiling {
        price: Price::new(900_001).unwrap(),
        ceiling: Price::new(900_000).unwrap(),
        denom: "usouk".into(),
    };
    assert_eq!(error.downcast_ref(), Some(&above_the_ceiling));
    assert!(market.bids(order).is_empty());
}
