//! What providers have at stake and say of themselves, by a bookkeeping that keeps each of them apart.

use souk_api::defaults::{BOND_PER_SLOT, UNBONDING_PERIOD};

use crate::common::PURSE;

/// Something that changes after a delay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending<T> {
    now: T,
    next: Option<(T, u64)>,
}

impl<T: Clone + Default + PartialEq> Pending<T> {
    pub fn of(now: T) -> Self {
        Self { now, next: None }
    }

    /// What holds at a moment, and what follows when.
    pub fn at(&self, moment: u64) -> (T, Option<(T, u64)>) {
        match &self.next {
            Some((next, from)) if *from <= moment => (next.clone(), None),
            next => (self.now.clone(), next.clone()),
        }
    }

    /// Another one after a delay. The same again is not later for it.
    pub fn set(&mut self, value: T, moment: u64, delay: u64) {
        let (now, next) = self.at(moment);
        let from = next.filter(|(next, _)| *next == value).map_or(moment + delay, |(_, from)| from);
        *self =
            if from > moment { Self { now, next: Some((value, from)) } } else { Self::of(value) };
    }
}

/// One provider.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    pub known: bool,
    pub registered: bool,
    pub bond: u128,
    pub unbonding: u128,
    pub claimable_at: u64,
    /// Coins that went in and came back.
    put: u128,
    back: u128,
    pub slashes: u32,
    /// Slots in use.
    pub used: u32,
    /// By number.
    pub payee: u64,
    pub operator: u64,
    pub email: u64,
    pub claims: u64,
    pub maintenance: bool,
    /// The key with which its agent signs, by its number.
    pub quote_key: Option<u64>,
    pub gateway: Pending<u64>,
    pub floors: Pending<u64>,
}

impl Provider {
    pub fn at_stake(&self) -> u128 {
        self.bond + self.unbonding
    }

    /// What it must have left in its purse.
    pub fn purse(&self) -> u128 {
        PURSE - self.put + self.back
    }

    /// A registration begins again with everything but history, notice and what still unbonds.
    pub fn register(&mut self, units: u128, min: u128, operator: u64) -> bool {
        if self.registered || units < min {
            return false;
        }
        (self.known, self.registered, self.bond) = (true, true, units);
        (self.payee, self.operator, self.maintenance) = (0, operator, false);
        self.quote_key = None;
        (self.email, self.claims) = (0, 0);
        (self.gateway, self.floors) = (Pending::of(0), Pending::of(0));
        self.put += units;
        true
    }

    pub fn add(&mut self, units: u128) -> bool {
        if self.registered && units > 0 {
            self.bond += units;
            self.put += units;
        }
        self.registered && units > 0
    }

    pub fn unbond(&mut self, units: u128, min: u128, now: u64) -> bool {
        let fine = self.registered && units > 0 && units + min <= self.bond;
        if fine {
            self.ask_back(units, now);
        }
        fine
    }

    fn ask_back(&mut self, units: u128, now: u64) {
        self.bond -= units;
        self.unbonding += units;
        self.claimable_at = now + UNBONDING_PERIOD;
    }

    /// What a claim pays at `now` while a notice holds that much back.
    pub fn claimable(&self, held: u128, now: u64) -> u128 {
        let kept = u128::from(self.used) * BOND_PER_SLOT + held;
        let free = self.at_stake().saturating_sub(kept).min(self.unbonding);
        if self.known && now >= self.claimable_at { free } else { 0 }
    }

    pub fn claim(&mut self, held: u128, now: u64) -> bool {
        let units = self.claimable(held, now);
        self.unbonding -= units;
        self.back += units;
        units > 0
    }

    pub fn leave(&mut self, now: u64) -> bool {
        let fine = self.registered && self.used == 0;
        if fine {
            if self.bond > 0 {
                self.ask_back(self.bond, now);
            }
            self.registered = false;
        }
        fine
    }

    /// The bond goes first.
    pub fn slash(&mut self, units: u128) {
        let of_bond = units.min(self.bond);
        self.bond -= of_bond;
        self.unbonding -= units - of_bond;
        self.slashes += 1;
    }
}
