//! What the account of a deployment carries. Pure.

use souk_api::orderbook::TIME_TO_BID;
use souk_core::{
    Amount, Clock, Rate,
    clock::{SCALE, needed, split},
};

use crate::error::Shortfall;

/// What an account has, and what it must last for.
#[derive(Clone, Debug)]
pub struct Funds {
    clock: Clock,
    reserved: Rate,
    runway: u64,
}

impl Funds {
    /// Those of an account whose clock was settled; it must last `runway` seconds.
    pub fn of(clock: Clock, reserved: Rate, runway: u64) -> Self {
        Self { clock, reserved, runway }
    }

    /// Those of a new account.
    pub fn new(deposit: Amount, reserved: Rate, runway: u64) -> Self {
        let mut clock = Clock::default();
        clock.give_back(deposit.u128().saturating_mul(SCALE));
        Self::of(clock, reserved, runway)
    }

    /// Whether the clock stands for lack of money.
    pub fn is_depleted(&self) -> bool {
        self.clock.depleted_since.is_some()
    }

    /// The moment of depletion: past if the account is depleted, none if nothing runs.
    pub fn depletion(&self) -> Option<u64> {
        self.clock.depletion()
    }

    /// What all leases cost, base units an hour.
    pub fn rate(&self) -> u128 {
        self.clock.rate.u128()
    }

    /// What they may come to cost with what the open orders reserve, base units an hour.
    pub fn burden(&self) -> u128 {
        // At most 2^105: nothing here overflows.
        self.rate().saturating_add(self.reserved.u128())
    }

    /// The same with `more` beside it and without `less` of it.
    pub fn burden_after(&self, more: Rate, less: u128) -> u128 {
        self.burden().saturating_sub(less).saturating_add(more.u128())
    }

    /// Whole base units that are left.
    pub fn balance(&self) -> u128 {
        split(self.clock.remaining).0
    }

    /// Whether the account runs and lasts the least runway at all its rates and reserves, with `more` beside
    /// them and without `less` of them.
    ///
    /// # Errors
    /// If it does not.
    pub fn carry(&self, more: Rate, less: Rate) -> Result<(), Shortfall> {
        self.last(self.runway, more, less.u128())
    }

    /// As [`Self::carry`], for an order that is put out while other leases of the account run, all but `ended`:
    /// they spend some of its cover before providers bid, and an order without cover takes no bids.
    ///
    /// # Errors
    /// If it does not.
    pub fn carry_order(&self, ceiling: Rate, ended: Rate, released: Rate) -> Result<(), Shortfall> {
        let others = self.clock.rate.u128().saturating_sub(ended.u128());
        let slack = if others == 0 { 0 } else { TIME_TO_BID };
        let less = ended.u128().saturating_add(released.u128());
        self.last(self.runway.saturating_add(slack), ceiling, less)
    }

    fn last(&self, runway: u64, more: Rate, less: u128) -> Result<(), Shortfall> {
        let burden = self.burden_after(more, less);
        if !self.is_depleted() && self.clock.lasts(burden, runway) {
            return Ok(());
        }
        let (has, needed) = (self.balance(), needed(burden, runway));
        Err(Shortfall { has, needed, burden, runway })
    }
}

#[cfg(test)]
mod tests {
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn an_account_carries_exactly_what_it_can_pay_for_the_least_runway() -> Result<(), AmountError>
    {
        let rate = |units| Rate::new(units);
        let none = Rate::ZERO;
        // 100 units, 40 of the 100 that two hours at 50 take are reserved.
        let mut funds = Funds::new(Amount::new(100)?, rate(40)?, 7_200);
        funds.clock.rate = rate(10)?;
        assert_eq!(funds.carry(none, none), Ok(()));
        let short = |needed, burden| Shortfall { has: 100, needed, burden, runway: 7_200 };
        assert_eq!(funds.carry(rate(1)?, none), Err(short(102, 51)));
        assert_eq!(funds.carry(rate(1)?, rate(1)?), Ok(()));
        assert_eq!(funds.carry(none, Rate::MAX), Ok(()), "not below zero");
        assert!(funds.carry(Rate::MAX, none).is_err());
        funds.clock.remaining -= 1;
        let (has, needed, burden, runway) = (99, 100, 50, 7_200);
        assert_eq!(funds.carry(none, none), Err(Shortfall { has, needed, burden, runway }));
        funds.clock.remaining = u128::MAX;
        funds.clock.depleted_since = Some(5);
        assert!(funds.carry(none, none).is_err(), "nothing is carried while the clock stands");
        Ok(())
    }
}
