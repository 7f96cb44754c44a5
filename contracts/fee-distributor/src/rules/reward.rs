//! Rewards, shared by stake to the last bit. Pure.
//!
//! An index says how many scaled units one staked unit has earned since the beginning; what
//! does not divide by the total stake is carried to the next time. A staker has earned its
//! stake times the index's rise since it was last looked at. Everything is scaled by 2^128
//! (see [`super::drip`]), so that the remainder carried, which is below the total stake, is
//! less than one unit. The index may wrap around: only its rise counts.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Uint256;
use souk_core::Amount;

use super::drip;

/// The index of one denom.
#[cw_serde]
#[derive(Default)]
pub struct Index {
    /// Scaled units for each staked unit.
    pub value: Uint256,
    /// Scaled units that are not shared yet.
    pub carry: Uint256,
}

impl Index {
    /// Shares scaled units by the total stake.
    pub fn share(&mut self, scaled: Uint256, total: Amount) {
        let sum = self.carry.saturating_add(scaled);
        let total = Uint256::from(total.u128());
        let Ok(rise) = sum.checked_div(total) else {
            // Nobody to share with: it waits.
            self.carry = sum;
            return;
        };
        self.value = self.value.wrapping_add(rise);
        self.carry = sum.saturating_sub(rise.saturating_mul(total));
    }
}

/// What one staker has earned in one denom.
#[cw_serde]
#[derive(Default)]
pub struct Reward {
    /// The index when it was last looked at.
    pub seen: Uint256,
    /// Scaled units earned and not paid.
    pub earned: Uint256,
}

impl Reward {
    /// Counts what `stake` has earned since the last time. It was the same all the while.
    pub fn settle(&mut self, stake: Amount, index: &Index) {
        let rise = index.value.wrapping_sub(self.seen);
        let earned = Uint256::from(stake.u128()).saturating_mul(rise);
        self.earned = self.earned.saturating_add(earned);
        self.seen = index.value;
    }

    /// Whole units that could be paid.
    pub fn payable(&self) -> Amount {
        drip::split(self.earned).0
    }

    /// Takes the whole units; the fraction stays the staker's.
    pub fn take(&mut self) -> Amount {
        let (units, fraction) = drip::split(self.earned);
        self.earned = fraction;
        units
    }
}
