//! The escrow's clock, over the whole range of amounts, rates and times: when it is settled
//! does not matter, no unit is lost, depletion is exact to the second.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use souk_core::{
    Amount, Clock, Price, Rate,
    clock::{SCALE, fee, spending, split},
    time::{HORIZON, HOUR, WEEK},
};

/// Numbers of every size, and the edges.
fn up_to(max: u128) -> impl Strategy<Value = u128> {
    let sized = (0..=127u32).prop_flat_map(move |bits| 0..=(max >> bits));
    prop_oneof![8 => sized, 1 => Just(max), 1 => Just(0)]
}

fn moment() -> impl Strategy<Value = u64> {
    up_to(u64::MAX.into()).prop_map(|moment| u64::try_from(moment).unwrap())
}

fn rate() -> impl Strategy<Value = Rate> {
    up_to(Rate::MAX.u128()).prop_map(|rate| Rate::new(rate).unwrap())
}

fn amount() -> impl Strategy<Value = Amount> {
    up_to(Amount::MAX.u128()).prop_map(|amount| Amount::new(amount).unwrap())
}

/// A clock in any state that deposits and streams can bring about, and not yet depleted.
fn clock() -> impl Strategy<Value = Clock> {
    (up_to(Amount::MAX.u128() * SCALE), rate(), moment()).prop_map(|(remaining, rate, anchor)| {
        let mut clock = Clock::starting_at(anchor);
        clock.give_back(remaining);
        clock.add_rate(rate).unwrap();
        clock
    })
}

fn running_from(units: u128, rate: u128, anchor: u64) -> Clock {
    let mut clock = Clock::starting_at(anchor);
    clock.deposit(Amount::new(units).unwrap(), anchor, HOUR);
    clock.add_rate(Rate::new(rate).unwrap()).unwrap();
    clock
}

proptest! {
    #[test]
    fn settling_on_the_way_changes_nothing(clock in clock(), mut times in prop::collection::vec(moment(), 1..6)) {
        times.sort_unstable();
        let last = *times.last().unwrap();
        let mut often = clock.clone();
        let spent: u128 = times.iter().map(|time| often.settle(*time)).sum();
        let mut once = clock;
        prop_assert_eq!(spent, once.settle(last));
        prop_assert_eq!(&often, &once);
        prop_assert_eq!(once.settle(last), 0);
        prop_assert_eq!(often, once);
    }

    #[test]
    fn what_is_spent_is_what_streams_earn(clock in clock(), later in moment()) {
        let mut settled = clock.clone();
        let spent = settled.settle(later);
        prop_assert_eq!(clock.remaining, settled.remaining + spent);
        prop_assert_eq!(spent, spending(clock.rate.u128(), settled.clock - clock.clock));
    }

    #[test]
    fn a_clock_never_runs_longer_than_time_passed_or_backwards(clock in clock(), later in moment()) {
        let settled = clock.settled(later);
        prop_assert!(settled.clock <= later.saturating_sub(clock.anchor));
        prop_assert!(settled.anchor >= clock.anchor);
    }

    #[test]
    fn a_foretold_depletion_comes_true_to_the_second(clock in clock()) {
        if let Some(moment) = clock.depletion() {
            prop_assert!(clock.is_depleted(moment));
            prop_assert_eq!(clock.settled(moment).depleted_since, Some(moment));
            prop_assert_eq!(clock.settled(u64::MAX).depleted_since, Some(moment));
            if moment > clock.anchor {
                prop_assert!(!clock.is_depleted(moment - 1));
                prop_assert_eq!(clock.settled(moment - 1).depleted_since, None);
            }
        }
    }

    #[test]
    fn whether_it_is_depleted_does_not_depend_on_when_it_was_settled(clock in clock(), on_the_way in moment(), later in moment()) {
        let later = later.max(on_the_way).max(clock.anchor);
        let depleted = clock.settled(later).depleted_since.is_some();
        prop_assert_eq!(clock.is_depleted(later), depleted);
        prop_assert_eq!(clock.settled(on_the_way).is_depleted(later), depleted);
    }

    #[test]
    fn one_jump_is_as_many_single_seconds(units in 0..50u128, rate in 1..200_000u128, seconds in 0..3_000u64) {
        let jump = running_from(units, rate, 1_000).settled(1_000 + seconds);
        let (mut left, mut ran, mut depleted) = (units * SCALE, 0, None);
        for second in 0..=seconds {
            if left < rate {
                depleted = depleted.or(Some(1_000 + second));
            } else if second < seconds {
                left -= rate;
                ran += 1;
            }
        }
        prop_assert_eq!((jump.remaining, jump.clock, jump.depleted_since), (left, ran, depleted));
    }

    #[test]
    fn a_stopped_clock_starts_exactly_when_the_runway_is_there(
        clock in clock(), paid in amount(), runway in 1..=WEEK, later in moment(),
    ) {
        let mut topped = clock.settled(later);
        prop_assume!(topped.remaining + paid.u128() * SCALE <= Amount::MAX.u128() * SCALE);
        let was_depleted = topped.depleted_since;
        let started = topped.deposit(paid, later, runway);
        prop_assert_eq!(started, was_depleted.is_some() && topped.lasts(clock.rate.u128(), runway));
        prop_assert_eq!(topped.depleted_since, if started { None } else { was_depleted });
    }

    #[test]
    fn money_that_comes_back_starts_nothing(clock in clock(), later in moment()) {
        let mut clock = clock.settled(later);
        let depleted = clock.depleted_since;
        clock.give_back(SCALE - 1);
        prop_assert_eq!(clock.depleted_since, depleted);
        if depleted.is_some() {
            prop_assert_eq!(clock.settle(u64::MAX), 0);
        }
    }

    #[test]
    fn fees_rise_with_earnings_and_never_faster(earned in up_to(Amount::MAX.u128() - 1), bps in 0..=10_000u16) {
        let step = fee(earned + 1, bps) - fee(earned, bps);
        prop_assert!(step <= 1);
        prop_assert!(fee(earned, bps) <= earned);
    }

    #[test]
    fn a_fee_is_the_part_rounded_down(earned in 0..=u128::from(u64::MAX), bps in 0..=10_000u16) {
        prop_assert_eq!(fee(earned, bps), earned * u128::from(bps) / 10_000);
    }

    #[test]
    fn whole_units_and_fraction_make_the_scaled_amount(scaled in up_to(u128::MAX)) {
        let (whole, fraction) = split(scaled);
        prop_assert!(fraction < SCALE);
        prop_assert_eq!(whole * SCALE + fraction, scaled);
    }

    #[test]
    fn a_clock_reads_back_what_it_writes(clock in clock(), later in moment()) {
        let clock = clock.settled(later);
        let text = serde_json::to_string(&clock).unwrap();
        prop_assert_eq!(serde_json::from_str::<Clock>(&text).unwrap(), clock);
    }
}

#[test]
fn money_that_outlasts_every_date_is_never_depleted() {
    let clock = running_from(Amount::MAX.u128(), 1, 0);
    let end = clock.settled(u64::MAX);
    assert_eq!((end.depleted_since, end.clock), (None, u64::MAX));
    assert!(!clock.is_depleted(u64::MAX));
    assert_eq!(clock.depletion(), None);
}

#[test]
fn what_is_depleted_beyond_the_horizon_is_depleted_when_the_time_has_come() {
    let hours = HORIZON / HOUR + 1;
    let clock = running_from(hours.into(), 1, 1_000);
    let moment = 1_000 + hours * HOUR;
    assert_eq!(clock.depletion(), None);
    assert!(!clock.is_depleted(moment - 1));
    assert!(clock.is_depleted(moment));
    assert_eq!(clock.settled(moment + 5).depletion(), Some(moment));
}

#[test]
fn a_time_before_the_last_settlement_changes_nothing() {
    let clock = running_from(100, 10, 5_000);
    assert_eq!(clock.settled(0), clock);
    assert!(!clock.is_depleted(0));
}

#[test]
fn the_highest_rate_for_the_longest_runway_is_compared_without_overflow() {
    let clock = running_from(Amount::MAX.u128(), Rate::MAX.u128(), 0);
    assert!(clock.lasts(Rate::MAX.u128(), 256 * HOUR));
    assert!(!clock.lasts(Rate::MAX.u128(), 256 * HOUR + 1));
    assert!(!clock.lasts(Rate::MAX.u128(), u64::MAX));
    assert!(Rate::MAX.checked_add(Price::MAX.into()).is_err());
}

#[test]
fn without_streams_there_is_nothing_unfunded() {
    let mut clock = running_from(10, 10, 0);
    clock.settle(9 * HOUR);
    assert!(clock.depleted_since.is_some());
    clock.remove_rate(Rate::new(4).unwrap());
    assert!(clock.depleted_since.is_some());
    clock.remove_rate(Rate::new(6).unwrap());
    assert_eq!((clock.depleted_since, clock.depletion()), (None, None));
}
