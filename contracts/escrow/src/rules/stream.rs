//! What one stream has earned, paid and owes. Pure.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_core::{Amount, Clock, Price, clock};

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

impl Stream {
    /// Begins when the account's clock stands at `opened_at`.
    pub fn starting(payee: Addr, rate: Price, take_bps: u16, opened_at: u64) -> Self {
        Self { payee, rate, take_bps, opened_at, drawn: Amount::ZERO, ended: None }
    }

    /// Whether it still runs.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }

    /// Whole units earned so far, fee included; `clock` is the account's, settled.
    pub fn earned(&self, clock: &Clock) -> Amount {
        self.ended.unwrap_or_else(|| self.exact(clock).0)
    }

    /// Ends it, and says what fraction of a unit, scaled, goes back to the account. The
    /// account's clock is settled.
    pub fn end(&mut self, clock: &Clock) -> u128 {
        let (whole, fraction) = self.exact(clock);
        self.ended = Some(whole);
        fraction
    }

    /// What a withdrawal would pay now; none if more was paid than is earned, which cannot happen.
    pub fn due(&self, clock: &Clock) -> Option<Due> {
        let earned = self.earned(clock);
        let fee = self.fee_on(earned).checked_sub(self.fee_on(self.drawn))?;
        let payee = earned.checked_sub(self.drawn)?.checked_sub(fee)?;
        Some(Due { payee, fee })
    }

    /// Marks everything earned so far as paid out, and says what that is.
    ///
    /// # Errors
    /// What was paid and what is earned, if that is less.
    pub fn draw(&mut self, clock: &Clock) -> Result<Due, (Amount, Amount)> {
        let earned = self.earned(clock);
        let due = self.due(clock).ok_or((self.drawn, earned))?;
        self.drawn = earned;
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

    fn exact(&self, clock: &Clock) -> (Amount, u128) {
        let (whole, fraction) = clock::split(clock.earned(self.rate.into(), self.opened_at));
        (Amount::saturating(whole), fraction)
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
        let mut stream = Stream::starting(payee, Price::new(10)?, 1_000, 0);
        stream.drawn = Amount::new(11)?;
        assert_eq!(stream.draw(&clock), Err((Amount::new(11)?, Amount::new(10)?)));
        stream.drawn = Amount::new(4)?;
        let due = Due { payee: Amount::new(5)?, fee: Amount::new(1)? };
        assert_eq!(stream.draw(&clock), Ok(due), "of the fee of 1 on 10 none was due at 4");
        Ok(())
    }
}
