//! A bookkeeper that keeps every income and every staker apart, in fractions of 2^-256, and
//! shares each stretch of time by the stakes of that stretch. It knows neither schedule nor
//! index.

use cosmwasm_std::{Uint128, Uint256, Uint512};
use souk_core::time::DAY;

pub const PEOPLE: usize = 4;
pub const DENOMS: usize = 2;
/// The denom that is staked is the first.
pub const STAKED: usize = 0;

const BITS: u32 = 256;

/// One income's part for stakers.
#[derive(Clone, Debug)]
struct Drip {
    units: u128,
    start: u64,
    end: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Denom {
    drips: Vec<Drip>,
    /// In fractions: earned by each person since the beginning, and by the pool.
    earned: [Uint512; PEOPLE],
    pool_dripped: Uint512,
    /// In units: came, and not split yet.
    pub came: u128,
    pub waiting: u128,
    /// In units: sent to the pool by splits, put aside for burning, burned, paid to each.
    pub pool_split: u128,
    pub to_burn: u128,
    pub burned: u128,
    pub paid: [u128; PEOPLE],
}

#[derive(Clone, Debug)]
pub struct Expected {
    pub denoms: [Denom; DENOMS],
    pub stakes: [u128; PEOPLE],
    pub unstaking: [(u128, u64); PEOPLE],
    pub min: u128,
    /// Pool, stakers, burn.
    pub split: [u128; 3],
    pub now: u64,
}

fn big(units: u128) -> Uint512 {
    Uint512::from(units)
}

fn whole(fractions: Uint512) -> u128 {
    let units = Uint256::try_from(fractions >> BITS).unwrap();
    Uint128::try_from(units).unwrap().u128()
}

impl Expected {
    pub fn new(now: u64, min: u128, split: [u128; 3]) -> Self {
        let denoms = [Denom::default(), Denom::default()];
        let (stakes, unstaking) = ([0; PEOPLE], [(0, 0); PEOPLE]);
        Self { denoms, stakes, unstaking, min, split, now }
    }

    pub fn total(&self) -> u128 {
        self.stakes.iter().sum()
    }

    fn suffices(&self) -> bool {
        self.total() >= self.min
    }

    pub fn pass(&mut self, seconds: u64) {
        let (from, to) = (self.now, self.now + seconds);
        let (total, suffices) = (self.total(), self.suffices());
        for denom in &mut self.denoms {
            for drip in &denom.drips {
                let overlap = to.min(drip.end).saturating_sub(from.max(drip.start));
                let length = Uint512::from(drip.end - drip.start);
                let came = (big(drip.units) << BITS) * Uint512::from(overlap) / length;
                if !suffices {
                    denom.pool_dripped += came;
                    continue;
                }
                for (earned, stake) in denom.earned.iter_mut().zip(self.stakes) {
                    *earned += came / big(total) * big(stake);
                }
            }
            denom.drips.retain(|drip| drip.end > to);
        }
        self.now = to;
    }

    pub fn income(&mut self, denom: usize, units: u128) {
        self.denoms[denom].came += units;
        self.denoms[denom].waiting += units;
    }

    pub fn distribute(&mut self, denom: usize, period: u64) {
        let suffices = self.suffices();
        let (start, end) = (self.now, (self.now + period).div_ceil(DAY) * DAY);
        let denom = &mut self.denoms[denom];
        let came = std::mem::take(&mut denom.waiting);
        let part = |bps| Uint128::new(came).multiply_ratio(bps, 10_000u128).u128();
        let units = if suffices { part(self.split[1]) } else { 0 };
        let burn = part(self.split[2]);
        denom.to_burn += burn;
        denom.pool_split += came - units - burn;
        denom.drips.push(Drip { units, start, end });
    }

    pub fn burn(&mut self, denom: usize) {
        let denom = &mut self.denoms[denom];
        denom.burned += std::mem::take(&mut denom.to_burn);
    }

    pub fn unstake(&mut self, who: usize, units: u128, delay: u64) -> bool {
        let fine = units > 0 && units <= self.stakes[who];
        if fine {
            self.stakes[who] -= units;
            self.unstaking[who].0 += units;
            self.unstaking[who].1 = self.now + delay;
        }
        fine
    }

    /// What comes back to a staker, if it may claim now.
    pub fn claim_unstaked(&mut self, who: usize) -> Option<u128> {
        let (units, at) = self.unstaking[who];
        (units > 0 && at <= self.now).then(|| {
            self.unstaking[who].0 = 0;
            units
        })
    }
}

impl Denom {
    /// Earned by someone since the beginning, in whole units.
    pub fn earned(&self, who: usize) -> u128 {
        whole(self.earned[who])
    }

    /// Dripped to the pool since the beginning, in whole units.
    pub fn pool_dripped(&self) -> u128 {
        whole(self.pool_dripped)
    }

    pub fn drips(&self) -> bool {
        !self.drips.is_empty()
    }
}
