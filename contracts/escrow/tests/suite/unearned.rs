//! Streams that end with what they had earned by a second, and pay that is held while they run.

use souk_api::escrow::{ExecuteMsg, ReserveChange};
use souk_core::{AccountId, time::HOUR};
use souk_escrow::ContractError;

use crate::common::*;

/// Hours after the start.
const fn hour(hours: u64) -> u64 {
    START + hours * HOUR
}

/// An account of 100 units with two streams of 10 an hour.
fn two_streams(escrow: &mut Escrow) -> AccountId {
    let account = escrow.open(1, &who("ann"), 100);
    escrow.stream(1, 1, &who("a"), 10);
    escrow.stream(1, 2, &who("b"), 10);
    account
}

fn close_stream(stream: u64, not_after: u64) -> ExecuteMsg {
    let reserved = ReserveChange::NONE;
    ExecuteMsg::CloseStream { local: 1, stream, reserved, not_after: Some(not_after) }
}

fn close(streams: &[u64], not_after: &[(u64, u64)]) -> ExecuteMsg {
    ExecuteMsg::CloseAccount { local: 1, streams: streams.into(), not_after: not_after.into() }
}

#[test]
fn a_stream_ends_with_what_it_had_earned_by_a_second_and_the_tenant_has_the_rest() {
    for (second, earned) in [
        (0, 0),
        (START, 0),
        (hour(1), 10),
        (hour(1) - 1, 9),
        (hour(3), 30),
        (hour(4), 30),
        (u64::MAX, 30),
    ] {
        let mut escrow = Escrow::new();
        let account = two_streams(&mut escrow);
        escrow.pass(3 * HOUR).control(&close_stream(1, second)).unwrap();
        assert_eq!(escrow.stream_of(account, 1).earned, amount(earned), "{second}");
        assert_eq!(escrow.withdraw(account, 1, &who("a")), earned, "{second}");
        assert_eq!(escrow.stream_of(account, 2).earned, amount(30), "the other earns on");
        escrow.close(1, &[2]);
        assert_eq!(escrow.refund(account, None, &who("ann")), 70 - earned, "{second}");
        assert_eq!(escrow.withdraw(account, 2, &who("b")), 30);
        assert_eq!(escrow.balance(&escrow.address.clone()), 0);
    }
}

#[test]
fn an_account_that_closes_reads_each_stream_as_it_stood_before_any_ended() {
    let mut escrow = Escrow::new();
    let account = two_streams(&mut escrow);
    // Depleted after five hours; what either gives back would start the clock again.
    escrow.pass(20 * HOUR).control(&close(&[1, 2], &[(2, hour(2)), (1, hour(1))])).unwrap();
    let earned = [1, 2].map(|stream| escrow.stream_of(account, stream).earned);
    assert_eq!(earned, [10, 20].map(amount));
    assert_eq!(escrow.refund(account, None, &who("ann")), 70);
}

#[test]
fn a_second_that_is_said_of_another_stream_is_refused_and_changes_nothing() {
    let mut escrow = Escrow::new();
    let account = two_streams(&mut escrow);
    let error = escrow.control(&close(&[1, 2], &[(3, START)])).unwrap_err();
    assert_eq!(error, ContractError::NoStream { account, stream: 3 });
    assert!(!escrow.account(account).closed);
}

#[test]
fn what_comes_back_starts_a_clock_that_stands_if_it_lasts_and_what_was_earned_before_stays() {
    let mut escrow = Escrow::new();
    let account = two_streams(&mut escrow);
    escrow.pass(10 * HOUR);
    assert_eq!(escrow.account(account).clock.depleted_since, Some(hour(5)));
    escrow.control(&close_stream(1, hour(1))).unwrap();
    let shown = escrow.account(account);
    assert_eq!((shown.clock.depleted_since, shown.balance), (None, amount(40)));
    assert_eq!(shown.depletion, Some(hour(14)), "40 units at 10 an hour from now on");
    escrow.pass(HOUR);
    assert_eq!(escrow.stream_of(account, 2).earned, amount(60));
    // It cannot be known any more what the clock showed before it started again.
    escrow.control(&close_stream(2, hour(2))).unwrap();
    assert_eq!(escrow.stream_of(account, 2).earned, amount(50));
    escrow.close(1, &[]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 40);
}

#[test]
fn a_clock_that_stands_goes_on_standing_if_what_comes_back_does_not_last() {
    let mut escrow = Escrow::new();
    let account = two_streams(&mut escrow);
    escrow.pass(10 * HOUR).control(&close_stream(1, hour(5) - 1_800)).unwrap();
    let shown = escrow.account(account);
    assert_eq!((shown.clock.depleted_since, shown.balance), (Some(hour(5)), amount(5)));
}

#[test]
fn a_deposit_that_starts_the_clock_keeps_what_was_earned_before_it() {
    let mut escrow = Escrow::new();
    let account = two_streams(&mut escrow);
    escrow.pass(10 * HOUR).deposit(account, &who("ann"), 100).unwrap();
    escrow.pass(HOUR).control(&close_stream(1, hour(2))).unwrap();
    // Five hours before, and none of the hour since.
    assert_eq!(escrow.stream_of(account, 1).earned, amount(50));
}

#[test]
fn the_pay_of_the_last_seconds_is_held_while_a_stream_runs() {
    let mut escrow = Escrow::new();
    let account = escrow.open(1, &who("ann"), 100);
    let msg = ExecuteMsg::OpenStream {
        local: 1,
        stream: 1,
        payee: who("a").to_string(),
        rate: price(10),
        take_bps: 1_000,
        reserved: ReserveChange::NONE,
        hold: 2 * HOUR,
    };
    escrow.control(&msg).unwrap();
    escrow.pass(2 * HOUR);
    assert_eq!(escrow.withdraw(account, 1, &who("a")), 0);
    escrow.pass(HOUR);
    let shown = escrow.stream_of(account, 1);
    assert_eq!((shown.hold, shown.earned, shown.fee), (2 * HOUR, amount(30), amount(3)));
    assert_eq!((shown.owed, shown.held), (amount(9), amount(18)));
    assert_eq!(escrow.withdraw(account, 1, &who("a")), 9);
    // A clock that stands holds as much: the last two hours are not over.
    escrow.pass(100 * HOUR);
    assert_eq!(escrow.stream_of(account, 1).held, amount(18));
    escrow.control(&close_stream(1, START)).unwrap();
    let shown = escrow.stream_of(account, 1);
    assert_eq!((shown.earned, shown.paid), (amount(10), amount(9)), "what was paid out stays paid");
    assert_eq!(escrow.withdraw(account, 1, &who("a")), 0);
    escrow.close(1, &[]);
    assert_eq!(escrow.refund(account, None, &who("ann")), 90);
}
