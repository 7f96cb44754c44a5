//! Auctions of a market that was paused meanwhile.

use super::*;

#[test]
fn after_a_pause_bidding_goes_on_for_ten_minutes() {
    let (mut market, order) = auction(&["a", "b"]);
    market.place("a", order, 500).unwrap();
    market.pause(true);
    market.blocks(100, HOUR);
    assert_eq!(market.close_auction(order, 1).unwrap_err(), CommonError::Paused.into());
    market.pause(false);
    assert!(market.close_auction(order, 1).is_err());
    market.lapse(300).place("b", order, 400).unwrap();
    market.lapse(299);
    assert!(market.close_auction(order, 1).is_err());
    market.pass(1).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn a_chain_that_halts_after_a_pause_decides_no_auction() {
    let blocks = 600_000_u64.div_ceil(SLOWEST_BLOCK);
    for by_guardian in [false, true] {
        let (mut market, order) = auction(&["a", "b"]);
        market.place("a", order, 500).unwrap();
        if by_guardian {
            market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
        } else {
            market.pause(true);
        }
        market.blocks(1_000, HOUR).pause(false);
        let height = market.app.block_info().height;
        assert_eq!(market.order_of(order).closes_at_block, Some(height + blocks));
        market.blocks(blocks - 1, 2 * HOUR).place("b", order, 400).unwrap();
        let error = market.close_auction(order, 1).unwrap_err();
        assert!(matches!(error, ContractError::AuctionRuns { .. }), "{error}");
        market.lapse(60).close_auction(order, 1).unwrap();
        assert_eq!(winner(&market, order), market.who("b").to_string());
    }
}

#[test]
fn an_auction_that_blocks_alone_held_open_when_a_pause_began_goes_on_after_it() {
    let (mut market, order) = auction(&["a", "b"]);
    market.place("a", order, 500).unwrap();
    market.pass(HOUR).pause(true);
    market.blocks(1_000, HOUR).pause(false);
    market.place("b", order, 400).unwrap();
    market.lapse(660).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn an_auction_that_is_put_out_in_a_guardians_pause_shows_no_end_that_its_owner_can_bring_forward() {
    let mut market = Market::new();
    for name in ["a", "b"] {
        market.provider(name);
    }
    let order = market.order("ann", lowest_price(300));
    market.place("a", order, 500).unwrap();
    over(&mut market).close_auction(order, 1).unwrap();
    market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
    let response = market.pass(60).provider_closes("a", order, CloseReason::Unstable).unwrap();
    let opened = &market.events_of::<OrderOpened>(&response)[0];
    assert_eq!(opened.closes_at, Some(market.now() + 300));
    let order = opened.order;
    market.pass(HOUR).pause(false);
    let closes_at = market.now() + 600;
    assert_eq!(market.order_of(order).closes_at, Some(closes_at));
    market.place("b", order, 500).unwrap();
    market.lapse(600).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("b").to_string());
}

#[test]
fn a_guardians_pause_that_ends_by_itself_counts_for_auctions_as_one_that_was_ended() {
    let mut market = Market::new();
    for name in ["a", "b"] {
        market.provider(name);
    }
    let params = Params { order_lifetime: WEEK, ..defaults::orderbook_params() };
    let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms: None, params: Some(params) };
    market.send(&market.owner.clone(), &msg).unwrap();
    let order = market.order("ann", lowest_price(300));
    market.place("a", order, 500).unwrap();
    market.lapse(200);
    market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
    let (before, ends_at) = (market.order_of(order).closes_at, market.now() + pause::LONGEST);

    market.lapse(pause::LONGEST - 1);
    assert_eq!(market.order_of(order).closes_at, before, "its owner may end it earlier");
    assert_eq!(market.close_auction(order, 1).unwrap_err(), CommonError::Paused.into());
    let lower = market.lower("a", order, 400).unwrap_err();
    assert!(matches!(lower, ContractError::OrderExpired { .. }), "no bidder gains by it: {lower}");
    let error = market.lapse(600).close_auction(order, 1).unwrap_err();
    assert!(matches!(error, ContractError::AuctionRuns { .. }), "ten minutes: {error}");
    assert_eq!(market.order_of(order).closes_at, Some(ends_at + 600));
    market.pass(1).close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("a").to_string());

    // The next pause is another one, and what was over before it stays over.
    let order = market.order("ann", lowest_price(300));
    market.place("a", order, 500).unwrap();
    over(&mut market).pause(true);
    market.blocks(10, HOUR);
    market.pause(false);
    market.close_auction(order, 1).unwrap();
}

#[test]
fn a_pause_does_not_open_an_auction_again_that_was_over() {
    let (mut market, order) = auction(&["a", "b"]);
    market.place("a", order, 500).unwrap();
    over(&mut market).pause(true);
    market.blocks(10, HOUR);
    market.pause(false);
    let error = market.place("b", order, 499).unwrap_err();
    assert!(matches!(error, ContractError::AuctionOver { .. }), "{error}");
    market.close_auction(order, 1).unwrap();
    assert_eq!(winner(&market, order), market.who("a").to_string());
}

#[test]
fn an_auction_that_a_pause_keeps_from_closing_lets_its_bids_go_a_day_after_its_orders_end() {
    let (mut market, order) = auction(&["a"]);
    market.place("a", order, 500).unwrap();
    market.pause(true);
    market.blocks(10, ORDER_LIFETIME + DAY);
    assert!(market.close_auction(order, 1).is_err());
    assert!(market.expire(order).is_err(), "the last second");
    let response = market.pass(1).expire(order).unwrap();
    assert_eq!(market.events_of::<OrderClosed>(&response)[0].why, "expired");
    market.release("a", &[order]);
    assert_eq!(market.stats_of("a").used, 0);
}
