//! What the contract owes in one denom, and how income becomes that. Pure.
//!
//! Income is split exactly: what one split leaves of each part goes on to the next
//! ([`super::shares`]), so that the parts depend on what came in all and not on how often it was split.
//!
//! `stakers` is what stakers are owed in whole units, dripped or not. Scaled, it is exactly
//! what still drips, what the index carries, what stakers have earned and the pool's
//! fraction: nothing is made or lost between income and payout.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Uint256;
use souk_api::fees::Split;
use souk_core::{Amount, Denom};

use crate::{
    ContractError,
    rules::{
        drip::{self, Added, Drip},
        reward::Index,
        shares::Rest,
    },
};

/// The account of one denom.
#[cw_serde]
pub struct Income {
    /// What drips.
    pub drip: Drip,
    /// What has dripped, by staked unit.
    pub index: Index,
    /// Owed to stakers.
    pub stakers: Amount,
    /// The pool's: its part of splits, and what dripped while too little was staked.
    pub pool: Amount,
    /// The fraction of a unit, scaled, that dripped to the pool and is not a whole unit yet.
    pub pool_fraction: Uint256,
    /// Put aside for burning.
    pub burn: Amount,
    /// Sent to the pool so far; stays at its limit.
    pub to_pool: Amount,
    /// Burned so far; stays at its limit.
    pub burned: Amount,
    /// What splits left of each part, below a unit.
    #[serde(default, skip_serializing_if = "Rest::is_none")]
    pub rest: Rest,
    /// A least total stake that held before it was raised. It goes on for what drips, until all
    /// of that has dripped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_min: Option<Amount>,
}

/// What a distribution made of income.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// The pool's from now on.
    pub pool: Amount,
    /// To drip to stakers.
    pub stakers: Amount,
    /// Put aside for burning.
    pub burn: Amount,
    /// What the schedule of drips gains, if anything drips.
    pub drip: Option<Added>,
}

/// All that is staked, and the least that must be for stakers to have their part.
#[derive(Clone, Copy, Debug)]
pub struct Stakes {
    /// All that is staked.
    pub total: Amount,
    /// The least.
    pub min: Amount,
}

impl Stakes {
    fn suffice(self) -> bool {
        self.total >= self.min && self.total > Amount::ZERO
    }
}

impl Income {
    /// Nothing came yet.
    pub fn new() -> Self {
        let zero = Amount::ZERO;
        Self {
            drip: Drip::default(),
            index: Index::default(),
            stakers: zero,
            pool: zero,
            pool_fraction: Uint256::zero(),
            burn: zero,
            to_pool: zero,
            burned: zero,
            rest: Rest::default(),
            former_min: None,
        }
    }

    /// Counts what has dripped until `now`: to stakers, whose stakes were the same all the
    /// while, or to the pool while too little is staked. `ending` as for [`Drip::run`].
    pub fn settle<E>(
        &mut self,
        now: u64,
        stakes: Stakes,
        ending: impl FnMut(u64) -> Result<Uint256, E>,
    ) -> Result<(), E> {
        let came = self.drip.run(now, ending)?;
        let min = self.former_min.map_or(stakes.min, |former| former.min(stakes.min));
        if self.drip.rate.is_zero() {
            self.former_min = None;
        }
        if came.is_zero() {
            return Ok(());
        }
        if (Stakes { min, ..stakes }).suffice() {
            self.index.share(came, stakes.total);
        } else {
            let (units, fraction) = drip::split(self.pool_fraction.saturating_add(came));
            self.pool_fraction = fraction;
            self.stakers = self.stakers.saturating_sub(units);
            self.pool = plus(self.pool, units);
        }
        Ok(())
    }

    /// Keeps the least total stake until now for what drips already, if the one from now on is
    /// higher, and says whether anything changed. It was counted until now.
    pub fn raise_min(&mut self, from: Amount, to: Amount) -> bool {
        let raised = to > from && !self.drip.rate.is_zero();
        if raised {
            self.former_min = Some(self.former_min.map_or(from, |former| former.min(from)));
        }
        raised
    }

    /// What of the `balance` is owed to someone, stakes aside. The whole units that all rests
    /// make together belong to one of the parts each, and it is not known yet to which.
    pub fn owed(&self) -> u128 {
        let parts = [self.stakers, self.pool, self.burn, self.rest.units()];
        parts.into_iter().fold(0, |sum, part| sum.saturating_add(part.u128()))
    }

    /// Income that came and was not split yet: the balance less what is owed, stakes
    /// included, and no more than can be counted; the rest waits.
    pub fn undistributed(&self, balance: u128, staked: u128) -> Amount {
        let room = Amount::MAX.u128().saturating_sub(self.owed());
        let came = balance.saturating_sub(self.owed()).saturating_sub(staked);
        Amount::saturating(came.min(room))
    }

    /// Splits income. It was counted until now. While too little is staked the stakers' part is
    /// the pool's.
    pub fn distribute(
        &mut self,
        income: Amount,
        split: &Split,
        stakes: Stakes,
        period: u64,
    ) -> Distribution {
        let mut split = *split;
        if !stakes.suffice() {
            split.pool_bps = split.pool_bps.saturating_add(split.stakers_bps);
            split.stakers_bps = 0;
        }
        let [pool, stakers, burn] = self.rest.split(income, &split);
        self.pool = plus(self.pool, pool);
        self.burn = plus(self.burn, burn);
        self.stakers = plus(self.stakers, stakers);
        let drip = (stakers > Amount::ZERO).then(|| self.drip.add(stakers, period));
        if let Some(added) = &drip {
            self.index.carry = self.index.carry.saturating_add(added.rest);
        }
        Distribution { pool, stakers, burn, drip }
    }

    /// Takes what is the pool's.
    pub fn take_pool(&mut self) -> Amount {
        let amount = std::mem::replace(&mut self.pool, Amount::ZERO);
        self.to_pool = plus(self.to_pool, amount);
        amount
    }

    /// Takes what is to be burned.
    pub fn take_burn(&mut self) -> Amount {
        let amount = std::mem::replace(&mut self.burn, Amount::ZERO);
        self.burned = plus(self.burned, amount);
        amount
    }

    /// Pays stakers' rewards.
    pub fn pay(&mut self, denom: &Denom, amount: Amount) -> Result<(), ContractError> {
        let owed = self.stakers;
        let overdrawn = || {
            let denom = denom.clone();
            ContractError::Overdrawn { denom, owed, asked: amount }
        };
        self.stakers = owed.checked_sub(amount).ok_or_else(overdrawn)?;
        Ok(())
    }

    /// Still to be dripped, in whole units, rounded up.
    pub fn dripping(&self) -> Amount {
        let (units, fraction) = drip::split(self.drip.left);
        let up = u128::from(!fraction.is_zero());
        Amount::saturating(units.u128().saturating_add(up)).min(self.stakers)
    }
}

impl Default for Income {
    fn default() -> Self {
        Self::new()
    }
}

fn plus(a: Amount, b: Amount) -> Amount {
    Amount::saturating(a.u128().saturating_add(b.u128()))
}
