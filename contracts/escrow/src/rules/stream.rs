//! What one stream has earned, paid and owes. Pure.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_core::{
    Amount, Clock, Price,
    clock::{self, SCALE},
};

/// A stream: a payee that earns by the second. Times are readings of the account's clock.
#[cw_serde]
pub struct Stream {
    /// Who is paid.
    pub payee: Addr,
    /// Base units an hour.
    pub rate: Price,
    /// Fee in hundredths of a per cent of what is earned.
    pub take_bps: u16,
    /// Funded seconds of the account when it began.
    pub opened_at: u64,
    /// Whole units earned that were paid out, fee included.
    pub drawn: Amount,
    /// The pay of how many last seconds is not paid out while it runs.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub hold: u64,
    /// Earned in all, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Amount>,
}

/// What a withdrawal pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// To the payee.
    pub payee: Amount,
    /// To the fee collector.
    pub fee: Amount,
}

impl Due {
    /// Both together.
    pub fn sum(self) -> Amount {
        Amount::saturating(self.payee.u128().saturating_add(self.fee.u128()))
    }
}

/// What the end of a stream gives back to its account, scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// The fraction of a unit that nobody can be paid.
    pub fraction: u128,
    /// What the payee would have earned after the second in which it stopped.
    pub unearned: u128,
}

impl Stream {
    /// Begins when the account's clock stands at `opened_at`.
    pub fn starting(payee: Addr, rate: Price, take_bps: u16, opened_at: u64, hold: u64) -> Self {
        Self { payee, rate, take_bps, opened_at, drawn: Amount::ZERO, hold, ended: None }
    }

    /// Whether it still runs.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whole units earned so far, fee included; `clock` is the account's, settled.
    pub fn earned(&self, clock: &Clock) -> Amount {
        self.ended.unwrap_or_else(|| self.whole_at(clock.clock))
    }

    /// Ends it with what it had earned when the account's clock, settled, showed `reading`; that is never less
    /// than what was paid out. Says what goes back to the account.
    pub fn end(&mut self, clock: &Clock, reading: u64) -> Returned {
        let all = self.scaled_at(clock.clock);
        let until = self.scaled_at(reading.min(clock.clock));
        let (whole, fraction) = clock::split(until);
        let whole = Amount::saturating(whole);
        let (ended, fraction) =
            if whole < self.drawn { (self.drawn, 0) } else { (whole, fraction) };
        self.ended = Some(ended);
        let paid_for = ended.u128().saturating_mul(SCALE).saturating_add(fraction);
        Returned { fraction, unearned: all.saturating_sub(paid_for) }
    }

    /// What a withdrawal would pay now; none if more was paid than can be, which cannot happen.
    pub fn due(&self, clock: &Clock) -> Option<Due> {
        let payable = self.payable(clock);
        let fee = self.fee_on(payable).checked_sub(self.fee_on(self.drawn))?;
        let payee = payable.checked_sub(self.drawn)?.checked_sub(fee)?;
        Some(Due { payee, fee })
    }

    /// Marks everything that can be paid out as paid out, and says what that is.
    ///
    /// # Errors
    /// What was paid and what can be, if that is less.
    pub fn draw(&mut self, clock: &Clock) -> Result<Due, (Amount, Amount)> {
        let payable = self.payable(clock);
        let due = self.due(clock).ok_or((self.drawn, payable))?;
        self.drawn = payable;
        Ok(due)
    }

    /// Paid to the payee so far.
    pub fn paid(&self) -> Amount {
        self.drawn.saturating_sub(self.fee_on(self.drawn))
    }

    /// The fee on a cumulative figure, so that withdrawing often costs nothing more.
    pub fn fee_on(&self, earned: Amount) -> Amount {
        Amount::saturating(clock::fee(earned.u128(), self.take_bps))
    }

    /// Whole units that are or can be paid out, fee included: while it runs, not those of the last `hold` seconds.
    fn payable(&self, clock: &Clock) -> Amount {
        self.ended.unwrap_or_else(|| self.whole_at(clock.clock.saturating_sub(self.hold)))
    }

    fn whole_at(&self, reading: u64) -> Amount {
        Amount::saturating(clock::split(self.scaled_at(reading)).0)
    }

    /// What it has earned when the clock shows `reading`, scaled.
    fn scaled_at(&self, reading: u64) -> u128 {
        clock::spending(self.rate.u128(), reading.saturating_sub(self.opened_at))
    }
}

#[cfg(test)]
mod tests {
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn a_payee_that_had_more_than_it_earned_is_paid_nothing() -> Result<(), AmountError> {
        let clock = Clock { clock: 3_600, ..Clock::starting_at(0) };
        let payee = Addr::unchecked("payee");
        let mut stream = Stream::starting(payee, Price::new(10)?, 1_000, 0, 0);
        stream.drawn = Amount::new(11)?;
        assert_eq!(stream.draw(&clock), Err((Amount::new(11)?, Amount::new(10)?)));
        stream.drawn = Amount::new(4)?;
        let due = Due { payee: Amount::new(5)?, fee: Amount::new(1)? };
        assert_eq!(stream.draw(&clock), Ok(due), "of the fee of 1 on 10 none was due at 4");
        Ok(())
    }
    /// Ten units an hour from reading 100 on, of which the last half hour's are held.
    fn held() -> Result<Stream, AmountError> {
        Ok(Stream::starting(Addr::unchecked("payee"), Price::new(10)?, 1_000, 100, 1_800))
    }

    #[test]
    fn while_a_stream_runs_the_pay_of_its_last_seconds_is_held_and_with_its_end_it_is_due()
    -> Result<(), AmountError> {
        let mut stream = held()?;
        let at = |reading| Clock { clock: reading, ..Clock::starting_at(0) };
        for (reading, earned, drawn) in [
            (100, 0, 0),
            (1_900, 5, 0),
            (2_259, 5, 0),
            (2_260, 6, 1),
            (3_700, 10, 5),
            // A second withdrawal in the same second pays nothing more.
            (3_700, 10, 5),
        ] {
            assert_eq!(stream.earned(&at(reading)), Amount::new(earned)?, "{reading}");
            assert!(stream.draw(&at(reading)).is_ok(), "{reading}");
            assert_eq!(stream.drawn, Amount::new(drawn)?, "{reading}");
        }
        assert_eq!(stream.end(&at(3_700), u64::MAX), Returned::default());
        assert_eq!(stream.draw(&at(3_700)).map(Due::sum), Ok(Amount::new(5)?));
        Ok(())
    }

    #[test]
    fn what_was_not_earned_is_given_back_but_for_what_was_paid_out() -> Result<(), AmountError> {
        let clock = Clock { clock: 7_300, ..Clock::starting_at(0) };
        // In 7,200 s 20 units. With the reading: whole units, the fraction, and what is unearned.
        for (drawn, reading, ended, fraction, unearned) in [
            (0, 7_300, 20, 0, 0),
            (0, u64::MAX, 20, 0, 0),
            (0, 3_700, 10, 0, 10 * SCALE),
            (0, 3_699, 9, SCALE - 10, 10 * SCALE + 10),
            (9, 3_699, 9, SCALE - 10, 10 * SCALE + 10),
            (10, 3_699, 10, 0, 10 * SCALE),
            (15, 100, 15, 0, 5 * SCALE),
            (0, 100, 0, 0, 20 * SCALE),
            (0, 0, 0, 0, 20 * SCALE),
        ] {
            let mut stream = Stream { drawn: Amount::new(drawn)?, ..held()? };
            let back = stream.end(&clock, reading);
            let case = format!("{drawn} drawn, until {reading}");
            assert_eq!(back, Returned { fraction, unearned }, "{case}");
            assert_eq!(stream.ended, Some(Amount::new(ended)?), "{case}");
            assert_eq!(ended * SCALE + fraction + unearned, 20 * SCALE, "{case}");
        }
        Ok(())
    }
}
