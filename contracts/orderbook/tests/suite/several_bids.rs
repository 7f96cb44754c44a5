//! Bids on several orders in one message.

use souk_api::orderbook::{
    BidState, ExecuteMsg, NewBid,
    events::{AuctionExtended, BidLowered, BidPlaced, BidRefused},
};
use souk_contract_std::CommonError;
use souk_core::{Attribute, BidId, OrderId};
use souk_orderbook::ContractError;

use crate::market::*;

fn new(order: OrderId, units: u128) -> NewBid {
    NewBid { order, price: price(units), offer: Vec::new(), reclamation_window: None }
}

fn place(
    market: &mut Market,
    name: &str,
    bids: Vec<NewBid>,
) -> Result<cw_multi_test::AppResponse, ContractError> {
    let msg = ExecuteMsg::PlaceBids { provider: market.who(name).into(), bids };
    market.send(&market.operator(name), &msg)
}

fn market_with(orders: usize) -> (Market, Vec<OrderId>) {
    let mut market = Market::new();
    market.provider("pro");
    let orders = (0..orders).map(|_| market.order("ann", tenant_choice())).collect();
    (market, orders)
}

#[test]
fn each_is_the_bid_that_it_would_be_by_itself() {
    let (mut market, orders) = market_with(3);
    let offer = vec![Attribute::new("gpu/model", "h100")];
    let mut bids: Vec<_> = orders.iter().map(|order| new(*order, 500)).collect();
    bids[1].offer = offer.clone();
    let response = place(&mut market, "pro", bids).unwrap();
    let provider = market.who("pro").to_string();
    let placed = (1..).zip(&orders).map(|(number, order)| BidPlaced {
        order: *order,
        bid: BidId(number),
        provider: provider.clone(),
        price: price(500),
    });
    assert_eq!(market.events_of::<BidPlaced>(&response), placed.collect::<Vec<_>>());
    assert_eq!(market.stats_of("pro").used, 3);
    assert_eq!(market.stats_of("pro").seen_at, market.now());
    assert_eq!(market.bid("pro", orders[1]).offer, offer);
    for order in orders {
        assert_eq!(market.bid("pro", order).state, BidState::Open);
        market.accept("ann", order, "pro", 500).unwrap();
    }
}

#[test]
fn one_that_is_not_taken_is_left_out_and_said_with_the_error_that_it_would_get() {
    let (mut market, orders) = market_with(3);
    market
        .send(
            &market.who("ann"),
            &ExecuteMsg::CloseDeployment {
                deployment: market.order_of(orders[0]).group.deployment,
            },
        )
        .unwrap();
    let missing = OrderId(99);
    let bids =
        vec![new(orders[0], 500), new(orders[1], 1_001), new(missing, 1), new(orders[2], 7_00)];
    let before = market.place("pro", orders[1], 1_001).unwrap_err().to_string();
    let response = place(&mut market, "pro", bids).unwrap();
    let refused = market.events_of::<BidRefused>(&response);
    let of: Vec<_> = refused.iter().map(|one| one.order).collect();
    assert_eq!(of, [orders[0], orders[1], missing]);
    assert_eq!((&refused[1].why, refused[1].price), (&before, price(1_001)));
    assert!(refused.iter().all(|one| one.stands_at.is_none()));
    assert_eq!(refused[2].why, ContractError::OrderNotFound(missing).to_string());
    assert_eq!(market.events_of::<BidPlaced>(&response).len(), 1);
    assert_eq!(market.stats_of("pro").used, 1);
}

#[test]
fn a_bid_on_an_order_that_has_one_lowers_it_also_within_one_message() {
    let (mut market, orders) = market_with(1);
    let order = orders[0];
    let offer = vec![Attribute::new("gpu/model", "h100")];
    let first = NewBid { offer: offer.clone(), ..new(order, 900) };
    let response =
        place(&mut market, "pro", vec![first, new(order, 800), new(order, 799)]).unwrap();
    let lowered = market.events_of::<BidLowered>(&response);
    assert_eq!(lowered.iter().map(|one| one.price).collect::<Vec<_>>(), [price(800)]);
    assert_eq!(market.events_of::<BidRefused>(&response).len(), 1, "799 is no step of 1 %");
    let bid = market.bid("pro", order);
    assert_eq!((bid.id, bid.price, bid.offer), (BidId(1), price(800), offer));
    assert_eq!(market.stats_of("pro").used, 1, "one slot");
}

#[test]
fn a_message_that_comes_a_second_time_says_what_stands() {
    let (mut market, orders) = market_with(2);
    let bids: Vec<_> = orders.iter().map(|order| new(*order, 500)).collect();
    place(&mut market, "pro", bids.clone()).unwrap();
    let response = place(&mut market, "pro", bids).unwrap();
    let refused = market.events_of::<BidRefused>(&response);
    assert_eq!(refused.len(), 2);
    let provider = market.who("pro");
    for (refused, order) in refused.iter().zip(orders) {
        let error =
            ContractError::BidExists { order, provider: provider.clone(), price: price(500) };
        assert_eq!((&refused.why, refused.stands_at), (&error.to_string(), Some(price(500))));
        assert_eq!(market.bid("pro", order).price, price(500));
    }
}

#[test]
fn what_a_bid_offers_is_not_changed_by_a_lower_price() {
    let (mut market, orders) = market_with(1);
    let offering = |units, model: &str| NewBid {
        offer: vec![Attribute::new("gpu/model", model)],
        ..new(orders[0], units)
    };
    place(&mut market, "pro", vec![offering(900, "h100")]).unwrap();
    let bids = vec![offering(800, "t4"), offering(700, "h100")];
    let response = place(&mut market, "pro", bids).unwrap();
    let refused = market.events_of::<BidRefused>(&response);
    assert_eq!((refused.len(), refused[0].price), (1, price(800)));
    let bid = market.bid("pro", orders[0]);
    assert_eq!((bid.price, bid.offer), (price(700), vec![Attribute::new("gpu/model", "h100")]));
}

#[test]
fn the_slots_of_those_before_count() {
    let mut market = Market::new();
    market.provider_with("pro", 10, &[eu()]);
    let orders: Vec<_> = (0..11).map(|_| market.order("ann", tenant_choice())).collect();
    let bids = orders.iter().map(|order| new(*order, 500)).collect();
    let response = place(&mut market, "pro", bids).unwrap();
    assert_eq!(market.events_of::<BidPlaced>(&response).len(), 10);
    let refused = market.events_of::<BidRefused>(&response);
    assert_eq!(refused[0].order, orders[10]);
    assert_eq!(market.stats_of("pro").used, 10);
}

#[test]
fn a_late_lowest_bid_of_several_extends_its_auction() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(300));
    market.place("other", order, 600).unwrap();
    let closes_at = market.order_of(order).closes_at.unwrap();
    market.lapse(250);
    let response = place(&mut market, "pro", vec![new(order, 500)]).unwrap();
    assert_eq!(market.events_of::<AuctionExtended>(&response).len(), 1);
    assert!(market.order_of(order).closes_at.unwrap() > closes_at);
}

#[test]
fn there_are_fifty_at_most_its_operator_alone_sends_them_and_a_pause_stops_them() {
    let (mut market, orders) = market_with(1);
    let order = orders[0];
    let error = place(&mut market, "pro", vec![new(order, 500); 51]).unwrap_err();
    assert!(matches!(error, ContractError::Common(CommonError::TooMany { .. })), "{error}");
    let msg =
        ExecuteMsg::PlaceBids { provider: market.who("pro").into(), bids: vec![new(order, 500)] };
    assert!(market.send(&market.who("ann"), &msg).is_err());
    market.pause(true);
    assert_eq!(
        place(&mut market, "pro", vec![new(order, 500)]).unwrap_err(),
        CommonError::Paused.into()
    );
    market.pause(false);
    assert!(place(&mut market, "pro", Vec::new()).unwrap().events.len() < 3, "nothing is nothing");
    place(&mut market, "pro", vec![new(order, 500)]).unwrap();
}
