//! The pure rules account for every bit: what stakers are owed, in units times 2^128, is what
//! still drips, what is carried, what each has earned, and the pool's fraction.
use std::{collections::BTreeMap, convert::Infallible};

use cosmwasm_std::Uint256;
use proptest::prelude::*;
use souk_api::fees::Split;
use souk_core::{Amount, time::DAY};
use souk_fee_distributor::rules::{
    drip::scaled,
    income::{Income, Stakes},
    reward::Reward,
};

const STAKERS: usize = 3;
const SPLIT: Split = Split { pool_bps: 1_111, stakers_bps: 7_777, burn_bps: 1_112 };

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Income(u128),
    Restake(usize, u128),
    Claim(usize),
    Minimum(u128),
}

struct Denom {
    income: Income,
    ends: BTreeMap<u64, Uint256>,
    stakes: [Amount; STAKERS],
    rewards: [Reward; STAKERS],
    min: Amount,
    now: u64,
}

impl Denom {
    fn new(min: u128) -> Self {
        Self {
            income: Income::new(),
            ends: BTreeMap::new(),
            stakes: [Amount::ZERO; STAKERS],
            rewards: std::array::from_fn(|_| Reward::default()),
            min: Amount::new(min).unwrap(),
            now: 5 * DAY + 77,
        }
    }

    fn stakes(&self) -> Stakes {
        let total = self.stakes.iter().map(|stake| stake.u128()).sum();
        Stakes { total: Amount::new(total).unwrap(), min: self.min }
    }

    fn count(&mut self) {
        let (stakes, now) = (self.stakes(), self.now);
        let ends = &mut self.ends;
        let ending = |day| Ok::<_, Infallible>(ends.remove(&day).unwrap_or_default());
        self.income.settle(now, stakes, ending).unwrap();
    }

    fn settle(&mut self, who: usize) {
        self.count();
        self.rewards[who].settle(self.stakes[who], &self.income.index);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Pass(seconds) => self.now += seconds,
            Step::Income(units) => {
                self.count();
                let came = self.income.undistributed(self.income.owed() + units, 0);
                let done = self.income.distribute(came, &SPLIT, self.stakes(), 3 * DAY);
                if let Some(added) = done.drip {
                    *self.ends.entry(added.end_day).or_default() += added.rate;
                }
            }
            Step::Restake(who, units) => {
                self.settle(who);
                self.stakes[who] = Amount::new(units).unwrap();
            }
            Step::Minimum(units) => {
                self.count();
                let min = Amount::new(units).unwrap();
                self.income.raise_min(self.min, min);
                self.min = min;
            }
            Step::Claim(who) => {
                self.settle(who);
                let paid = self.rewards[who].take();
                self.income.pay(&souk_core::Denom::native("usouk"), paid).unwrap();
            }
        }
    }

    fn check(&mut self) {
        (0..STAKERS).for_each(|who| self.settle(who));
        let earned: Uint256 =
            self.rewards.iter().fold(Uint256::zero(), |sum, reward| sum + reward.earned);
        let (drip, index) = (&self.income.drip, &self.income.index);
        let parts = drip.left + index.carry + earned + self.income.pool_fraction;
        assert_eq!(scaled(self.income.stakers), parts);
        assert!(drip.left >= drip.rate, "what drips has something to drip");
        assert_eq!(drip.rate.is_zero(), drip.left.is_zero());
        assert!(self.ends.len() <= 5, "no more days than a drip can last");
    }
}

fn units() -> impl Strategy<Value = u128> {
    prop_oneof![0..4u128, 1..10_000u128, 0..=(1u128 << 110)]
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..STAKERS;
    prop_oneof![
        prop_oneof![0..100u64, 0..DAY, 0..20 * DAY].prop_map(Step::Pass),
        units().prop_map(Step::Income),
        (who(), units()).prop_map(|(who, units)| Step::Restake(who, units)),
        who().prop_map(Step::Claim),
        (1..10_000u128).prop_map(Step::Minimum),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn not_a_bit_of_income_is_lost(min in 1..5_000u128, steps in prop::collection::vec(step(), 1..40)) {
        let mut denom = Denom::new(min);
        for step in &steps {
            denom.step(step);
            denom.check();
        }
    }
}
