//! How far the owner may go with the terms of a denom.

use souk_api::{defaults, orderbook::ExecuteMsg};
use souk_core::Denom;

use crate::market::*;

#[test]
fn one_price_for_all_and_half_of_what_is_earned_are_the_edges() {
    let mut market = Market::new();
    let mut terms = defaults::denom_config(Denom::native("uone"));
    (terms.min_price, terms.max_price, terms.take_bps) = (price(2), price(2), 5_000);
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: Some(vec![terms]), params: None };
    market.send(&market.owner.clone(), &msg).unwrap();
}
