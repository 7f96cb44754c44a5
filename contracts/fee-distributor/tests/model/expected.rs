//! A bookkeeper that keeps every income and every staker apart, in fractions of 2^-256, and
//! shares each stretch of time by the stakes of that stretch. It knows neither schedule nor
//! index.

use cosmwasm_std::{Uint128, Uint256, Uint512};
use souk_core::time::DAY;

pub const STAKERS: usize = 4;
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
    earned: [Uint512; STAKERS],
    pool_dripped: Uint512,
    /// In units: came, and not split yet.
    pub came: u128,
    pub waiting: u128,
    /// In ten-thousandths of a unit: due by all splits to pool, stakers and burn.
    due: [u128; 3],
    /// The least total stake that holds for what drips, if it was raised since.
    former_min: Option<u128>,
    /// In units: burned, paid to the pool, paid to each.
    pub burned: u128,
    pub pool_paid: u128,
    pub paid: [u128; STAKERS],
}

#[derive(Clone, Debug)]
pub struct Expected {
    pub denoms: [Denom; DENOMS],
    pub stakes: [u128; STAKERS],
    pub unstaking: [(u128, u64); STAKERS],
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
        let (stakes, unstaking) = ([0; STAKERS], [(0, 0); STAKERS]);
        Self { denoms, stakes, unstaking, min, split, now }
    }

    pub fn total(&self) -> u128 {
        self.stakes.iter().sum()
    }

    /// The least total stake becomes another; a higher one does not hold for what drips.
    pub fn set_min(&mut self, units: u128) {
        let from = std::mem::replace(&mut self.min, units);
        for denom in self.denoms.iter_mut().filter(|denom| units > from && denom.drips()) {
            denom.former_min = Some(denom.former_min.unwrap_or(from).min(from));
        }
    }

    pub fn pass(&mut self, seconds: u64) {
        let (from, to) = (self.now, self.now + seconds);
        let (total, min) = (self.total(), self.min);
        for denom in &mut self.denoms {
            let suffices = total > 0 && total >= denom.former_min.unwrap_or(min).min(min);
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
            if denom.drips.is_empty() {
                denom.former_min = None;
            }
        }
        self.now = to;
    }

    pub fn income(&mut self, denom: usize, units: u128) {
        self.denoms[denom].came += units;
        self.denoms[denom].waiting += units;
    }

    pub fn distribute(&mut self, denom: usize, period: u64) {
        let suffices = self.total() >= self.min;
        let split =
            if suffices { self.split } else { [self.split[0] + self.split[1], 0, self.split[2]] };
        let (start, end) = (self.now, (self.now + period).div_ceil(DAY) * DAY);
        let denom = &mut self.denoms[denom];
        let came = std::mem::take(&mut denom.waiting);
        let before = denom.given(1);
        for (due, bps) in denom.due.iter_mut().zip(split) {
            *due += came * bps;
        }
        let units = denom.given(1) - before;
        if units > 0 {
            denom.drips.push(Drip { units, start, end });
        }
    }

    pub fn burn(&mut self, denom: usize) {
        let denom = &mut self.denoms[denom];
        denom.burned = denom.given(2);
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

    /// Whole units that all splits gave to pool, stakers or burn: by all that came, and not by
    /// the pieces in which it was split.
    fn given(&self, part: usize) -> u128 {
        self.due[part] / 10_000
    }

    /// Whole units that the pool has of splits.
    pub fn pool_split(&self) -> u128 {
        self.given(0)
    }

    /// Put aside for burning.
    pub fn to_burn(&self) -> u128 {
        self.given(2) - self.burned
    }

    /// Came, and belongs to no part yet.
    pub fn unsplit(&self) -> u128 {
        self.came - (0..3).map(|part| self.given(part)).sum::<u128>()
    }

    /// Dripped to the pool since the beginning, in whole units.
    pub fn pool_dripped(&self) -> u128 {
        whole(self.pool_dripped)
    }

    /// When the next drip ends.
    pub fn next_end(&self) -> Option<u64> {
        self.drips.iter().map(|drip| drip.end).min()
    }

    pub fn drips(&self) -> bool {
        !self.drips.is_empty()
    }
}
