//! What a provider has at stake: the bond that counts, and what it asked back.
//!
//! Pure: amounts and seconds in, amounts out.

use souk_core::{Amount, amount::AmountError};
use thiserror::Error;

/// Coins at stake, in base units of the bond denom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stake {
    /// What counts for new bids.
    pub bond: Amount,
    /// What was asked back; it counts no more but can still be slashed.
    pub unbonding: Amount,
    /// The second from which `unbonding` can be claimed; meaningless while that is zero.
    pub claimable_at: u64,
}

/// What a bond does not allow.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum BondError {
    /// Too small to register.
    #[error("a bond of {bond} is below the least bond of {min}; send at least that much")]
    TooSmall {
        /// What it would be.
        bond: Amount,
        /// The least.
        min: Amount,
    },
    /// More than there is, or nothing.
    #[error("cannot unbond {asked} of a bond of {bond}; ask for 1 to {bond}")]
    NotThere {
        /// What was asked for.
        asked: Amount,
        /// What is bonded.
        bond: Amount,
    },
    /// A registered provider keeps the least bond.
    #[error(
        "unbonding {asked} would leave {left}, below the least bond of {min}; to take all, deregister"
    )]
    LeavesTooLittle {
        /// What was asked for.
        asked: Amount,
        /// What would be left.
        left: Amount,
        /// The least.
        min: Amount,
    },
    /// Nothing was asked back.
    #[error("nothing is unbonding; send unbond or deregister first")]
    NothingUnbonding,
    /// Too early.
    #[error("{amount} unbonds until {claimable_at}, now is {now}")]
    StillUnbonding {
        /// How much.
        amount: Amount,
        /// When it can be claimed.
        claimable_at: u64,
        /// The block's time.
        now: u64,
    },
    /// Everything still backs bids and leases.
    #[error(
        "{used} slots in use need {needed} of the {staked} at stake; close leases or release bids first"
    )]
    InUse {
        /// Slots in use.
        used: u32,
        /// What they need.
        needed: u128,
        /// What there is.
        staked: u128,
    },
    /// A slash is noticed for it.
    #[error(
        "a slash of {held} is noticed: of {staked} at stake, and {needed} needed for slots in use, \
         nothing can be claimed until it is over"
    )]
    Held {
        /// What will be taken.
        held: u128,
        /// What slots in use need.
        needed: u128,
        /// What there is.
        staked: u128,
    },
    /// Beyond the bounds of amounts.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Stake {
    /// A bond of which nothing was asked back.
    pub fn of(bond: Amount) -> Self {
        Self { bond, unbonding: Amount::ZERO, claimable_at: 0 }
    }

    /// Bond and unbonding together.
    pub fn total(&self) -> u128 {
        self.bond.u128().saturating_add(self.unbonding.u128())
    }

    /// Slots that the bond backs at `per_slot` base units each.
    pub fn slots(&self, per_slot: Amount) -> u32 {
        let slots = self.bond.u128().checked_div(per_slot.u128()).unwrap_or(0);
        u32::try_from(slots).unwrap_or(u32::MAX)
    }

    /// Adds to the bond.
    pub fn add(&mut self, amount: Amount) -> Result<(), BondError> {
        self.bond = self.bond.checked_add(amount)?;
        Ok(())
    }

    /// Asks part of the bond back; at least `min` stays. The delay of everything pending
    /// restarts.
    pub fn unbond(
        &mut self,
        amount: Amount,
        min: Amount,
        claimable_at: u64,
    ) -> Result<(), BondError> {
        let bond = self.bond;
        let left = bond.u128().checked_sub(amount.u128()).filter(|_| amount > Amount::ZERO);
        let left = left.ok_or(BondError::NotThere { asked: amount, bond })?;
        let left = Amount::new(left)?;
        if left < min {
            return Err(BondError::LeavesTooLittle { asked: amount, left, min });
        }
        self.unbonding = self.unbonding.checked_add(amount)?;
        self.bond = left;
        self.claimable_at = claimable_at;
        Ok(())
    }

    /// Asks everything back. Without a bond nothing changes.
    pub fn unbond_all(&mut self, claimable_at: u64) -> Result<(), BondError> {
        if self.bond == Amount::ZERO {
            return Ok(());
        }
        self.unbond(self.bond, Amount::ZERO, claimable_at)
    }

    /// Takes what has unbonded at `now`, except what `used` slots still need and what is `held`
    /// for a slash, and says how much. The bond backs both first; unbonding coins stand in for the
    /// rest.
    pub fn claim(
        &mut self,
        now: u64,
        used: u32,
        per_slot: Amount,
        held: u128,
    ) -> Result<Amount, BondError> {
        let pending = self.unbonding;
        if pending == Amount::ZERO {
            return Err(BondError::NothingUnbonding);
        }
        if now < self.claimable_at {
            let claimable_at = self.claimable_at;
            return Err(BondError::StillUnbonding { amount: pending, claimable_at, now });
        }
        let needed = per_slot.u128().saturating_mul(u128::from(used));
        let staked = self.total();
        let unused = staked.saturating_sub(needed);
        let free = unused.saturating_sub(held).min(pending.u128());
        if unused == 0 {
            return Err(BondError::InUse { used, needed, staked });
        }
        if free == 0 {
            return Err(BondError::Held { held, needed, staked });
        }
        self.unbonding = Amount::new(pending.u128().saturating_sub(free))?;
        Ok(Amount::new(free)?)
    }

    /// Takes `amount` or all there is, and says how much. The bond goes first: a slash costs
    /// slots at once, and coins parked in unbonding do not shield them.
    pub fn slash(&mut self, amount: Amount) -> Result<Amount, BondError> {
        let from_bond = amount.u128().min(self.bond.u128());
        let rest = amount.u128().saturating_sub(from_bond);
        let from_unbonding = rest.min(self.unbonding.u128());
        let taken = Amount::new(from_bond.saturating_add(from_unbonding))?;
        self.bond = Amount::new(self.bond.u128().saturating_sub(from_bond))?;
        self.unbonding = Amount::new(self.unbonding.u128().saturating_sub(from_unbonding))?;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(value: u128) -> Amount {
        Amount::saturating(value)
    }

    fn stake(bond: u128, unbonding: u128) -> Stake {
        Stake { bond: amount(bond), unbonding: amount(unbonding), claimable_at: 100 }
    }

    #[test]
    fn slots_are_whole_parts_of_the_bond_alone() {
        assert_eq!(stake(29, 50).slots(amount(10)), 2);
        assert_eq!(stake(9, 50).slots(amount(10)), 0);
        assert_eq!(stake(1 << 111, 0).slots(amount(1)), u32::MAX);
    }

    #[test]
    fn used_slots_keep_their_backing_of_bond_and_unbonding_together() {
        for (bond, unbonding, used, free) in
            [(10, 20, 0, 20), (10, 20, 1, 20), (10, 20, 2, 10), (0, 20, 1, 10), (5, 20, 1, 15)]
        {
            let mut stake = stake(bond, unbonding);
            assert_eq!(stake.claim(100, used, amount(10), 0), Ok(amount(free)), "{used} used");
            assert_eq!(stake.unbonding, amount(unbonding - free));
            assert_eq!(stake.bond, amount(bond));
        }
        assert!(matches!(stake(10, 20).claim(100, 3, amount(10), 0), Err(BondError::InUse { .. })));
    }

    #[test]
    fn what_a_notice_holds_stays_at_stake_beside_what_slots_need() {
        for (used, held, free) in [(0, 10, 20), (0, 11, 19), (1, 15, 5), (1, 20, 0), (0, 99, 0)] {
            let claimed = stake(10, 20).claim(100, used, amount(10), held);
            let needed = u128::from(used) * 10;
            let expected = match free {
                0 => Err(BondError::Held { held, needed, staked: 30 }),
                free => Ok(amount(free)),
            };
            assert_eq!(claimed, expected, "{used} used, {held} held");
        }
    }

    #[test]
    fn nothing_can_be_claimed_a_second_early() {
        let early = stake(10, 20).claim(99, 0, amount(10), 0);
        assert!(matches!(early, Err(BondError::StillUnbonding { claimable_at: 100, .. })));
        assert!(stake(10, 20).claim(100, 0, amount(10), 0).is_ok());
    }

    #[test]
    fn a_slash_takes_the_bond_before_what_unbonds_and_never_more_than_there_is() {
        for (asked, bond, unbonding, taken) in
            [(5, 5, 20, 5), (10, 0, 20, 10), (15, 0, 15, 15), (99, 0, 0, 30)]
        {
            let mut stake = stake(10, 20);
            assert_eq!(stake.slash(amount(asked)), Ok(amount(taken)));
            assert_eq!((stake.bond, stake.unbonding), (amount(bond), amount(unbonding)));
        }
    }
}
