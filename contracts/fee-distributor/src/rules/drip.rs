//! Income that comes out drop by drop, evenly by the second. Pure.
//!
//! Amounts are scaled: base units times 2^128. What comes in at a moment drips from there to
//! the end of the day in which its period ends, so that all that ends on one day ends at
//! once, and a drip that runs is never stretched by what comes later. Running it twice is
//! running it once.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Uint128, Uint256};
use souk_core::{Amount, time::DAY};

/// Bits by which amounts are scaled.
pub const SCALE_BITS: u32 = 128;

/// All that drips in one denom.
#[cw_serde]
#[derive(Default)]
pub struct Drip {
    /// Scaled units a second.
    pub rate: Uint256,
    /// Scaled units still to come.
    pub left: Uint256,
    /// Until when it was run, in seconds.
    pub at: u64,
}

/// What a new drip adds to the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Scaled units a second, until the day ends.
    pub rate: Uint256,
    /// The first day, counted from the epoch, on which it does not drip any more.
    pub end_day: u64,
    /// Scaled units that no whole rate can carry; less than the drip has seconds.
    pub rest: Uint256,
}

/// Base units as scaled units.
pub fn scaled(amount: Amount) -> Uint256 {
    scaled_up(Uint256::from(amount.u128()))
}

/// Whole base units in scaled units, and the scaled fraction.
pub fn split(scaled: Uint256) -> (Amount, Uint256) {
    let whole = scaled.checked_shr(SCALE_BITS).unwrap_or_default();
    let fraction = scaled.saturating_sub(scaled_up(whole));
    let units = Uint128::try_from(whole).unwrap_or(Uint128::MAX);
    (Amount::saturating(units.u128()), fraction)
}

fn scaled_up(units: Uint256) -> Uint256 {
    units.checked_shl(SCALE_BITS).unwrap_or(Uint256::MAX)
}

impl Drip {
    /// Lets it drip until `now`, and says how much came out. `ending` says which rate ends
    /// at the beginning of a day; each day that passes while something drips is asked once.
    pub fn run<E>(
        &mut self,
        now: u64,
        mut ending: impl FnMut(u64) -> Result<Uint256, E>,
    ) -> Result<Uint256, E> {
        let mut came = Uint256::zero();
        // Every rate ends at most a period and a day after it was added: a bounded walk.
        while self.at < now && !self.rate.is_zero() {
            let day = next_day(self.at);
            let midnight = day.saturating_mul(DAY);
            let until = midnight.min(now);
            let seconds = Uint256::from(until.saturating_sub(self.at));
            came = came.saturating_add(self.rate.saturating_mul(seconds));
            self.at = until;
            if until == midnight {
                self.rate = self.rate.saturating_sub(ending(day)?);
            }
        }
        self.at = self.at.max(now);
        self.left = self.left.saturating_sub(came);
        Ok(came)
    }

    /// Adds income, which drips from now on over `period` seconds and to the end of that
    /// day. It was run until now.
    pub fn add(&mut self, amount: Amount, period: u64) -> Added {
        let end_day = self.at.saturating_add(period).div_ceil(DAY).max(next_day(self.at));
        let seconds = end_day.saturating_mul(DAY).saturating_sub(self.at).max(1);
        let (total, seconds) = (scaled(amount), Uint256::from(seconds));
        let rate = total.checked_div(seconds).unwrap_or_default();
        let carried = rate.saturating_mul(seconds);
        self.rate = self.rate.saturating_add(rate);
        self.left = self.left.saturating_add(carried);
        Added { rate, end_day, rest: total.saturating_sub(carried) }
    }
}

fn next_day(moment: u64) -> u64 {
    (moment / DAY).saturating_add(1)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use std::{collections::BTreeMap, convert::Infallible};

    use super::*;

    struct Schedule(Drip, BTreeMap<u64, Uint256>);

    impl Schedule {
        fn add(&mut self, units: u128, period: u64) -> Uint256 {
            let added = self.0.add(Amount::saturating(units), period);
            *self.1.entry(added.end_day).or_default() += added.rate;
            added.rest
        }

        fn run(&mut self, now: u64) -> Uint256 {
            let Self(drip, ends) = self;
            let ending = |day| Ok::<_, Infallible>(ends.get(&day).copied().unwrap_or_default());
            let Ok(came) = drip.run(now, ending);
            came
        }
    }

    fn at(moment: u64) -> Schedule {
        Schedule(Drip { at: moment, ..Drip::default() }, BTreeMap::new())
    }

    #[test]
    fn half_of_the_time_brings_half_of_the_income() {
        let mut schedule = at(0);
        schedule.add(1_000, 2 * DAY);
        assert_eq!(split(schedule.run(DAY)).0.u128(), 499, "within a fraction of a unit");
        assert_eq!(schedule.run(DAY), Uint256::zero());
    }

    #[test]
    fn everything_comes_out_by_the_end_of_the_last_day_and_nothing_after_it() {
        let mut schedule = at(DAY / 2);
        let rest = schedule.add(1_000, 7 * DAY);
        let came = schedule.run(9 * DAY);
        assert_eq!(came + rest, scaled(Amount::saturating(1_000)));
        assert_eq!(schedule.run(1_000 * DAY), Uint256::zero());
        assert_eq!((schedule.0.rate, schedule.0.left), (Uint256::zero(), Uint256::zero()));
    }

    #[test]
    fn later_income_does_not_stretch_what_drips_already() {
        let (mut alone, mut disturbed) = (at(0), at(0));
        alone.add(1_000_000, 7 * DAY);
        disturbed.add(1_000_000, 7 * DAY);
        let (mut came_alone, mut came) = (Uint256::zero(), Uint256::zero());
        for hour in 1..=7 * 24 {
            came_alone += alone.run(hour * 3_600);
            came += disturbed.run(hour * 3_600);
            disturbed.add(1, 7 * DAY);
        }
        assert!(came >= came_alone);
    }

    #[test]
    fn running_often_is_running_once() {
        let (mut often, mut once) = (at(77), at(77));
        for schedule in [&mut often, &mut once] {
            schedule.add(12_345, 3 * DAY);
        }
        let came: Uint256 =
            (1..100u64).map(|n| often.run(77 + n * 4_001)).fold(Uint256::zero(), |a, b| a + b);
        assert_eq!(came, once.run(77 + 99 * 4_001));
        assert_eq!(often.0, once.0);
    }

    #[test]
    fn the_largest_income_fits() {
        let mut schedule = at(1_700_000_000);
        let rest = schedule.add(Amount::MAX.u128(), 90 * DAY);
        assert_eq!(schedule.run(u64::MAX) + rest, scaled(Amount::MAX));
    }
}
