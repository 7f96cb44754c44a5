//! The virtual clock of an escrow account: money runs out by the second, exactly.
//!
//! An account holds `remaining` (base units times 3600) and loses `rate` (base units an
//! hour, which is scaled units a second) for each funded second. A stream has earned its
//! own rate times the seconds that the clock ran since it was opened. Settling twice is
//! settling once, whoever does it and however often, and nothing is rounded before payout.

use cosmwasm_schema::cw_serde;

use crate::{
    Amount, Rate,
    amount::AmountError,
    time::{HORIZON, HOUR},
};

/// Base units times 3600, so that an hourly rate is spent by the second without fractions.
pub const SCALE: u128 = HOUR as u128;

/// The clock and what feeds it.
#[cw_serde]
#[derive(Eq, Default)]
pub struct Clock {
    /// What is left, in base units times 3600. At most 2^124.
    #[serde(with = "digits")]
    #[schemars(with = "String")]
    pub remaining: u128,
    /// Sum of the rates of all open streams.
    pub rate: Rate,
    /// Funded seconds so far.
    pub clock: u64,
    /// Time of the last settlement, in seconds.
    pub anchor: u64,
    /// The second at which the money was used up; none while there is some. It stays until a deposit, or what the end
    /// of a stream gives back, starts the clock again, or the last stream closes.
    #[serde(rename = "dry_since", default, skip_serializing_if = "Option::is_none")]
    pub depleted_since: Option<u64>,
}

impl Default for Rate {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Clock {
    /// An empty account at a moment.
    pub fn starting_at(now: u64) -> Self {
        Self { anchor: now, ..Self::default() }
    }

    /// Brings the clock to `now` and says how much was spent (scaled). A time before the
    /// last settlement counts as the last settlement.
    pub fn settle(&mut self, now: u64) -> u128 {
        let run = self.run_until(now);
        if self.depleted_by(now) {
            self.depleted_since = Some(self.anchor.saturating_add(run));
        }
        let spent = self.rate.u128().saturating_mul(u128::from(run)).min(self.remaining);
        self.clock = self.clock.saturating_add(run);
        self.remaining = self.remaining.saturating_sub(spent);
        self.anchor = self.anchor.max(now);
        spent
    }

    /// The clock as it stands at `now`, for readers that do not write.
    pub fn settled(&self, now: u64) -> Self {
        let mut clock = self.clone();
        clock.settle(now);
        clock
    }

    /// Whole seconds that the money lasts from the last settlement; none if nothing runs.
    /// Wider than a time, since a large balance at a low rate outlasts every date.
    fn funded_seconds(&self) -> Option<u128> {
        if self.depleted_since.is_some() {
            return None;
        }
        self.remaining.checked_div(self.rate.u128())
    }

    /// Seconds that the clock runs from the last settlement until `now`.
    fn run_until(&self, now: u64) -> u64 {
        let elapsed = now.saturating_sub(self.anchor);
        let funded = self.funded_seconds().unwrap_or(0);
        u64::try_from(funded).map_or(elapsed, |funded| funded.min(elapsed))
    }

    /// Whether the money is used up at `now` and was not so at the last settlement.
    fn depleted_by(&self, now: u64) -> bool {
        let elapsed = u128::from(now.saturating_sub(self.anchor));
        self.funded_seconds().is_some_and(|funded| funded <= elapsed)
    }

    /// The second at which the money is used up: past if it is, none if nothing runs or if
    /// it lasts beyond a century from the last settlement. Settle first to look back over
    /// more than a century.
    pub fn depletion(&self) -> Option<u64> {
        if self.depleted_since.is_some() {
            return self.depleted_since;
        }
        let seconds = u64::try_from(self.funded_seconds()?).ok()?;
        let near = (seconds <= HORIZON).then_some(seconds)?;
        self.anchor.checked_add(near)
    }

    /// Whether the money is used up at `now`, however long ago the last settlement was.
    pub fn is_depleted(&self, now: u64) -> bool {
        self.depleted_since.map_or_else(|| self.depleted_by(now), |moment| moment <= now)
    }

    /// Adds coins at `now` (settles first). A clock that had stopped starts again only when
    /// what is there now lasts `min_runway` seconds; `true` if it did so now.
    pub fn deposit(&mut self, amount: Amount, now: u64, min_runway: u64) -> bool {
        self.settle(now);
        self.give_back(amount.u128().saturating_mul(SCALE));
        self.restart(min_runway)
    }

    /// Returns scaled units to the account. Never starts a clock.
    pub fn give_back(&mut self, scaled: u128) {
        self.remaining = self.remaining.saturating_add(scaled);
    }

    /// Takes scaled units out; none, and nothing is taken, if there are not as many.
    #[must_use]
    pub fn take(&mut self, scaled: u128) -> Option<()> {
        self.remaining = self.remaining.checked_sub(scaled)?;
        Some(())
    }

    /// Whether what is left lasts `seconds` at `burden` base units an hour.
    pub fn lasts(&self, burden: u128, seconds: u64) -> bool {
        self.remaining >= spending(burden, seconds)
    }

    /// A stream begins. The clock must have been settled at the present moment.
    pub fn add_rate(&mut self, rate: Rate) -> Result<(), AmountError> {
        self.rate = self.rate.checked_add(rate)?;
        Ok(())
    }

    /// A stream ends. Without any stream there is nothing that could be unfunded.
    pub fn remove_rate(&mut self, rate: Rate) {
        self.rate = self.rate.saturating_sub(rate);
        if self.rate == Rate::ZERO {
            self.depleted_since = None;
        }
    }

    /// What the settled clock showed at `moment`; now, if it has not run since. It must not have started again
    /// after `moment`: what it shows then is less than it showed.
    pub fn reading_at(&self, moment: u64) -> u64 {
        let last = self.depleted_since.unwrap_or(self.anchor);
        self.clock.saturating_sub(last.saturating_sub(moment))
    }

    /// Starts a clock that stands, if what is there lasts `min_runway` seconds: it runs from its last settlement
    /// on. `true` if it did so now.
    pub fn restart(&mut self, min_runway: u64) -> bool {
        let starts = self.depleted_since.is_some() && self.lasts(self.rate.u128(), min_runway);
        if starts {
            self.depleted_since = None;
        }
        starts
    }
}

/// What `burden` base units an hour spend in `seconds`, scaled.
pub fn spending(burden: u128, seconds: u64) -> u128 {
    burden.saturating_mul(u128::from(seconds))
}

/// The whole base units that it takes to last `seconds` at `burden` base units an hour.
pub fn needed(burden: u128, seconds: u64) -> u128 {
    spending(burden, seconds).div_ceil(SCALE)
}

/// Whole base units in a scaled amount, and the scaled fraction left over.
pub fn split(scaled: u128) -> (u128, u128) {
    (scaled.checked_div(SCALE).unwrap_or(0), scaled.checked_rem(SCALE).unwrap_or(0))
}

/// The fee on what was earned so far: rounded down on the cumulative figure, so that many
/// small withdrawals pay the same as one.
pub fn fee(earned_units: u128, bps: u16) -> u128 {
    // earned * bps / 10000 without overflow: the quotient's part and the remainder's part.
    let bps = u128::from(bps);
    let whole = earned_units.checked_div(10_000).unwrap_or(0).saturating_mul(bps);
    let rest = earned_units.checked_rem(10_000).unwrap_or(0).saturating_mul(bps);
    whole.saturating_add(rest.checked_div(10_000).unwrap_or(0))
}

/// `u128` as decimal digits: JSON readers lose precision above 2^53.
pub mod digits {
    use cosmwasm_schema::serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes decimal digits.
    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.to_string())
    }

    /// Reads decimal digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(units: u128, rate: u128) -> Clock {
        let mut clock = Clock::starting_at(1_000);
        clock.deposit(Amount::new(units).unwrap(), 1_000, HOUR);
        clock.add_rate(Rate::new(rate).unwrap()).unwrap();
        clock
    }

    #[test]
    fn an_hour_at_a_rate_costs_that_rate() {
        let mut clock = running(100, 60);
        clock.settle(1_000 + HOUR);
        assert_eq!(clock.remaining, 40 * SCALE);
        assert_eq!(clock.clock, HOUR);
    }

    #[test]
    fn depletion_is_known_in_advance_to_the_second_and_sticks() {
        let mut clock = running(10, 10);
        assert_eq!(clock.depletion(), Some(1_000 + HOUR));
        assert!(!clock.is_depleted(1_000 + HOUR - 1));
        assert!(clock.is_depleted(1_000 + HOUR));
        for late in [HOUR, 2 * HOUR, 900 * HOUR] {
            clock.settle(1_000 + late);
            assert_eq!(clock.depleted_since, Some(1_000 + HOUR));
        }
        assert_eq!((clock.remaining, clock.clock), (0, HOUR));
    }

    #[test]
    fn a_stopped_clock_starts_again_only_with_the_least_runway() {
        let mut clock = running(10, 10);
        clock.settle(50_000);
        assert!(!clock.deposit(Amount::new(9).unwrap(), 50_000, HOUR));
        assert!(clock.depleted_since.is_some());
        assert!(clock.deposit(Amount::new(1).unwrap(), 60_000, HOUR));
        assert_eq!(clock.depletion(), Some(60_000 + HOUR));
    }

    #[test]
    fn unfunded_time_costs_nothing() {
        let mut clock = running(10, 10);
        clock.settle(50_000);
        clock.deposit(Amount::new(10).unwrap(), 90_000, HOUR);
        clock.settle(90_000 + HOUR);
        assert_eq!(clock.clock, 2 * HOUR);
    }

    #[test]
    fn what_it_showed_is_known_back_to_its_last_start() {
        let mut clock = running(10, 10);
        clock.settle(1_000 + 600);
        for (moment, shown) in [(1_000, 0), (1_001, 1), (1_599, 599), (1_600, 600), (9_999, 600)] {
            assert_eq!(clock.reading_at(moment), shown, "{moment}");
        }
        // It stood from 4,600 on.
        clock.settle(50_000);
        for (moment, shown) in [(4_599, 3_599), (4_600, 3_600), (4_601, 3_600), (50_000, 3_600)] {
            assert_eq!(clock.reading_at(moment), shown, "{moment}");
        }
        assert_eq!(clock.reading_at(0), 0);
    }

    #[test]
    fn more_than_there_is_cannot_be_taken() {
        let mut clock = running(10, 10);
        assert_eq!(clock.take(10 * SCALE + 1), None);
        assert_eq!(clock.remaining, 10 * SCALE, "nothing was taken");
        assert_eq!(clock.take(10 * SCALE), Some(()));
        assert_eq!(clock.remaining, 0);
    }

    #[test]
    fn a_fee_of_the_largest_amount_does_not_overflow() {
        assert_eq!(fee(Amount::MAX.u128(), 10_000), Amount::MAX.u128());
        assert_eq!(fee(9_999, 1), 0);
        assert_eq!(fee(10_000, 250), 250);
    }
}
