//! What is staked, by one and by all. Pure.

use cosmwasm_schema::cw_serde;
use souk_core::Amount;

/// One staker.
#[cw_serde]
pub struct Staker {
    /// What earns.
    pub stake: Amount,
    /// What was asked back and earns no more.
    pub unstaking: Amount,
    /// When that can be claimed.
    pub claimable_at: u64,
}

/// All stakers.
#[cw_serde]
pub struct Totals {
    /// What earns.
    pub staked: Amount,
    /// What was asked back.
    pub unstaking: Amount,
}

impl Default for Staker {
    fn default() -> Self {
        Self { stake: Amount::ZERO, unstaking: Amount::ZERO, claimable_at: 0 }
    }
}

impl Default for Totals {
    fn default() -> Self {
        Self { staked: Amount::ZERO, unstaking: Amount::ZERO }
    }
}

impl Staker {
    /// Whether there is nothing to remember.
    pub fn is_gone(&self) -> bool {
        self.stake == Amount::ZERO && self.unstaking == Amount::ZERO
    }

    /// Adds to the stake; `false` if all stakes together could not be counted any more.
    pub fn add(&mut self, totals: &mut Totals, amount: Amount) -> bool {
        let all = totals.sum().saturating_add(amount.u128());
        if all > Amount::MAX.u128() {
            return false;
        }
        self.stake = plus(self.stake, amount);
        totals.staked = plus(totals.staked, amount);
        true
    }

    /// Moves stake to what unstakes, whose delay restarts; `false` if there is not as much.
    pub fn unstake(&mut self, totals: &mut Totals, amount: Amount, claimable_at: u64) -> bool {
        if amount > self.stake {
            return false;
        }
        self.stake = self.stake.saturating_sub(amount);
        totals.staked = totals.staked.saturating_sub(amount);
        self.unstaking = plus(self.unstaking, amount);
        totals.unstaking = plus(totals.unstaking, amount);
        self.claimable_at = claimable_at;
        true
    }

    /// Takes all that unstakes; none if that is more than unstakes in all, which cannot happen.
    pub fn take_unstaking(&mut self, totals: &mut Totals) -> Option<Amount> {
        totals.unstaking = totals.unstaking.checked_sub(self.unstaking)?;
        Some(std::mem::replace(&mut self.unstaking, Amount::ZERO))
    }
}

impl Totals {
    /// Everything that belongs to stakers.
    pub fn sum(&self) -> u128 {
        self.staked.u128().saturating_add(self.unstaking.u128())
    }
}

fn plus(a: Amount, b: Amount) -> Amount {
    Amount::saturating(a.u128().saturating_add(b.u128()))
}

#[cfg(test)]
mod tests {
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn nobody_takes_more_than_unstakes_in_all() -> Result<(), AmountError> {
        let (four, five) = (Amount::new(4)?, Amount::new(5)?);
        let mut staker = Staker { unstaking: five, ..Staker::default() };
        let mut totals = Totals { unstaking: four, ..Totals::default() };
        assert_eq!(staker.take_unstaking(&mut totals), None);
        totals.unstaking = five;
        assert_eq!(staker.take_unstaking(&mut totals), Some(five));
        assert_eq!((staker.unstaking, totals.unstaking), (Amount::ZERO, Amount::ZERO));
        Ok(())
    }
}
