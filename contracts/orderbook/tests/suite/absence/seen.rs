//! What counts as being there.

use super::*;

#[test]
fn a_provider_says_by_either_of_its_keys_that_it_is_there_and_nobody_says_it_for_it() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    let provider = market.who("pro");
    let msg = ExecuteMsg::Heartbeat { provider: provider.to_string(), statement: None };
    for from in [market.operator("pro"), provider.clone()] {
        market.lapse(HOUR);
        let response = market.send(&from, &msg).unwrap();
        let event = ProviderSeen { provider: provider.to_string(), at: market.now() };
        assert_eq!(market.events_of::<ProviderSeen>(&response), [event]);
        let stats = market.stats_of("pro");
        let block = market.app.block_info().height;
        assert_eq!((stats.seen_at, stats.seen_block), (market.now(), block));
        assert_eq!(absent_from(&market, order), (market.now() + 6 * HOUR, block + BLOCKS));
    }
    for name in ["ann", "stranger", "other"] {
        let refused = market.send(&market.who(name), &msg).unwrap_err();
        assert!(matches!(refused, ContractError::Common(CommonError::NotPermitted { .. })));
    }
}

#[test]
fn who_has_no_lease_that_runs_has_nothing_to_be_there_for() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    let refused = AbsenceError::NoLeases(market.who("other"));
    assert_eq!(market.heartbeat("other").unwrap_err(), refused.into());
    market.tenant_closes("ann", order).unwrap();
    let refused = AbsenceError::NoLeases(market.who("pro"));
    assert_eq!(market.heartbeat("pro").unwrap_err(), refused.into());
}

#[test]
fn who_is_seen_in_the_last_second_keeps_its_lease_and_all_of_its_pay() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    market.blocks(BLOCKS - 1, 6 * HOUR - 1).heartbeat("pro").unwrap();
    market.pass(1);
    assert!(market.close_absent("ann", order).is_err());
    market.tenant_closes("ann", order).unwrap();
    assert_eq!(market.stream(id, order).earned, amount(PRICE * 7));
}

#[test]
fn bids_and_bids_that_are_taken_back_show_that_a_provider_is_there() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    let next = market.order("bob", tenant_choice());
    market.lapse(5 * HOUR).place("pro", next, PRICE).unwrap();
    assert_eq!(market.stats_of("pro").seen_at, market.now());
    market.lapse(5 * HOUR).withdraw("pro", next).unwrap();
    assert_eq!(market.stats_of("pro").seen_at, market.now());
    market.lapse(5 * HOUR);
    assert!(market.close_absent("ann", order).is_err());
}

#[test]
fn who_closes_a_lease_is_there_and_is_paid_in_full_for_it() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    market.lapse(3 * DAY);
    let response = market.provider_closes("pro", order, CloseReason::Unstable).unwrap();
    let closed = &market.events_of::<LeaseClosed>(&response)[0];
    assert_eq!((closed.paid_until, closed.breach), (None, true));
    assert_eq!(market.stream(id, order).earned, amount(PRICE * (3 * 24 + 1)));
    let stats = market.stats_of("pro");
    assert_eq!((stats.seen_at, stats.absences, stats.breaches), (market.now(), 0, 1));
}

#[test]
fn what_others_send_does_not_show_that_a_provider_is_there() {
    let mut market = Market::new();
    let (order, id) = leased(&mut market, SIX_HOURS);
    let lost = market.order("bob", tenant_choice());
    for name in ["pro", "other"] {
        market.place(name, lost, PRICE).unwrap();
    }
    market.accept("bob", lost, "other", PRICE).unwrap();
    let seen_at = market.stats_of("pro").seen_at;
    market.lapse(6 * HOUR);
    market.release("pro", &[lost]);
    market.deposit("friend", id, 5);
    withdraw(&mut market, id, order);
    market.slash(&market.who("pro"), 1);
    assert_eq!(market.stats_of("pro").seen_at, seen_at);
    market.close_absent("ann", order).unwrap();
}

#[test]
fn while_the_market_is_paused_nobody_is_absent_and_heartbeats_go_on() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    market.pause(true);
    market.lapse(2 * DAY);
    assert_eq!(market.lease_of(order).unseen, None);
    assert_eq!(market.close_absent("ann", order).unwrap_err(), AbsenceError::Paused.into());
    market.heartbeat("pro").unwrap();
    market.lapse(2 * DAY).pause(false);
    // From its end on the limit counts again from nothing.
    let ended = (market.now(), market.app.block_info().height);
    assert_eq!(absent_from(&market, order), (ended.0 + 6 * HOUR, ended.1 + BLOCKS));
    market.blocks(BLOCKS, 6 * HOUR - 1);
    assert!(market.close_absent("ann", order).is_err());
    let response = market.pass(1).close_absent("ann", order).unwrap();
    let paid_until = market.events_of::<LeaseClosed>(&response)[0].paid_until;
    assert_eq!(paid_until, Some(ended.0 + 6 * HOUR / 4));
}

#[test]
fn who_was_absent_when_a_pause_began_is_so_in_it_and_after_it() {
    for paused in [true, false] {
        let mut market = Market::new();
        let (order, id) = absent(&mut market, SIX_HOURS);
        let paid_until = market.stats_of("pro").seen_at + 6 * HOUR / 4;
        market.lapse(HOUR).pause(true);
        market.lapse(600);
        if !paused {
            market.pause(false);
        }
        let response = market.lapse(1).close_absent("ann", order).unwrap();
        let closed = &market.events_of::<LeaseClosed>(&response)[0];
        assert_eq!(closed.paid_until, Some(paid_until), "in the pause: {paused}");
        assert_eq!(market.stream(id, order).earned, amount(PRICE * 5 / 2));
    }
    // One that comes back meanwhile is not.
    let mut market = Market::new();
    let (order, _) = absent(&mut market, SIX_HOURS);
    market.pause(true);
    market.lapse(HOUR).heartbeat("pro").unwrap();
    assert_eq!(market.close_absent("ann", order).unwrap_err(), AbsenceError::Paused.into());
}

#[test]
fn a_guardians_pause_that_ended_by_itself_counts_like_any() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market, SIX_HOURS);
    market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
    let began = market.now();
    market.lapse(pause::LONGEST - 1);
    assert_eq!(market.close_absent("ann", order).unwrap_err(), AbsenceError::Paused.into());
    market.pass(1);
    let (from, _) = absent_from(&market, order);
    assert_eq!(from, began + pause::LONGEST + 6 * HOUR);
    market.lapse(6 * HOUR - 1);
    assert!(market.close_absent("ann", order).is_err());
    market.lapse(1).close_absent("ann", order).unwrap();
}

#[test]
fn a_young_lease_of_a_provider_that_was_not_seen_for_long_is_not_absent() {
    let mut market = Market::new();
    for name in ["pro", "other"] {
        market.provider(name);
    }
    let id = market.create("ann", &asking(SIX_HOURS), PLENTY).unwrap();
    let order = market.deployment(id).groups[0].order;
    market.place("pro", order, PRICE).unwrap();
    market.lapse(20 * HOUR).accept("ann", order, "pro", PRICE).unwrap();
    let began = (market.now(), market.app.block_info().height);
    assert_eq!(absent_from(&market, order), (began.0 + 6 * HOUR, began.1 + BLOCKS));
    // A chain that stands still right after: its blocks count from the lease's on, not from the bid's.
    market.blocks(1, 6 * HOUR);
    assert!(market.close_absent("ann", order).is_err());
    market.blocks(BLOCKS - 1, 1).close_absent("ann", order).unwrap();
}
