//! The time of pauses is none of a notice.

use super::*;

#[test]
fn the_time_of_pauses_is_none_of_a_notice() {
    for by_guardian in [false, true] {
        let mut market = Market::new();
        let (order, _) = reclaiming(&mut market);
        let announced = market.lease_of(order).reclaim.unwrap();
        market.blocks(BLOCKS, HOUR / 2);
        for _ in 0..2 {
            if by_guardian {
                market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
            } else {
                market.pause(true);
            }
            market.lapse(HOUR);
            let shown = market.lease_of(order).reclaim.unwrap();
            assert!(shown.deadline <= announced.deadline + HOUR, "of pauses that are over");
            assert!(market.end_reclaim("stranger", order).is_err(), "nobody can move meanwhile");
            market.pause(false);
            // Far enough from the next pause for that to be another one.
            market.pass(700);
        }
        let deadline = market.lease_of(order).reclaim.unwrap().deadline;
        assert_eq!(deadline, announced.deadline + 2 * HOUR);
        let left = deadline - market.now();
        let error = market.pass(left - 1).end_reclaim("stranger", order).unwrap_err();
        let ContractError::Reclaim(ReclaimError::Runs { deadline: until, .. }) = error else {
            panic!("{error}");
        };
        assert_eq!(until, deadline);
        // The provider's own close is a breach for as long.
        let response = market.pass(1).end_reclaim("stranger", order).unwrap();
        assert_eq!(market.events_of::<LeaseClosed>(&response)[0].notice, Some(true));
        assert_eq!(market.lease_of(order).reclaim.unwrap().deadline, announced.deadline);
    }
}

#[test]
fn a_guardians_pause_that_ends_by_itself_is_none_of_a_notice_either() {
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    let announced = market.lease_of(order).reclaim.unwrap().deadline;
    market.send(&market.guardian.clone(), &ExecuteMsg::Pause {}).unwrap();
    market.deposit("ann", market.order_of(order).group.deployment, PLENTY);
    market.blocks(100_000, pause::LONGEST);
    let shown = market.lease_of(order).reclaim.unwrap().deadline;
    assert_eq!(shown, announced + pause::LONGEST);
    assert!(market.pass(HOUR - 1).end_reclaim("stranger", order).is_err());
    market.pass(1).end_reclaim("stranger", order).unwrap();
}

#[test]
fn what_is_announced_in_a_pause_begins_with_its_end_and_what_was_over_before_stays_over() {
    let mut market = Market::new();
    let (order, _) = leased(&mut market);
    market.pass(HOUR).pause(true);
    market.lapse(300).start_reclaim("pro", order, REASON).unwrap();
    market.blocks(10 * BLOCKS, 5 * HOUR);
    assert!(market.end_reclaim("stranger", order).is_err());
    market.pause(false);
    assert_eq!(market.lease_of(order).reclaim.unwrap().deadline, market.now() + HOUR);
    assert!(market.pass(HOUR - 1).end_reclaim("stranger", order).is_err());
    market.pass(1).pause(true);
    market.lapse(300).end_reclaim("stranger", order).unwrap();
}

#[test]
fn a_notice_that_was_over_stays_over_through_pauses_of_a_chain_that_halts() {
    let mut market = Market::new();
    let (order, _) = reclaiming(&mut market);
    market.pause(true);
    market.lapse(60).pause(false);
    let deadline = market.lease_of(order).reclaim.unwrap().deadline;
    market.blocks(BLOCKS, deadline - market.now() - 120);
    market.pause(true);
    market.pass(60).pause(false);
    // Over between two pauses that count as one for auctions.
    market.lapse(180);
    assert!(market.lease_of(order).reclaim.unwrap().deadline <= market.now());
    market.pause(true);
    market.pass(5 * HOUR).end_reclaim("stranger", order).unwrap();
}
