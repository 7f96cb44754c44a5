//! A bookkeeper that knows neither clock nor intervals: it moves money from the depositors'
//! purses to the payees' by the second, and looks at all of them each time.

use std::collections::BTreeMap;

use cosmwasm_std::{Uint128, Uint256};
use souk_api::escrow::ReserveChange;

/// Parts of a base unit that it counts in.
pub const PARTS: u128 = 3_600;

/// Why a step is refused.
#[derive(Debug, PartialEq)]
pub struct Refused;

#[derive(Clone, Debug)]
pub struct Purse {
    pub who: usize,
    /// What is left, in parts.
    pub left: u128,
    /// To be claimed, in units, once the account is closed.
    pub refund: Option<u128>,
}

#[derive(Clone, Debug)]
pub struct Stream {
    pub payee: usize,
    pub rate: u128,
    pub bps: u128,
    /// In parts.
    pub earned: u128,
    /// In units.
    pub paid: u128,
    pub fee: u128,
    pub open: bool,
    pub known: bool,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub tenant: usize,
    pub own: Purse,
    pub others: Vec<Purse>,
    pub streams: BTreeMap<u64, Stream>,
    /// Closed and paid streams whose number was used again.
    pub past: Vec<Stream>,
    pub reserved: u128,
    pub depleted: bool,
    pub closed: bool,
    /// In units: what came, and what went back to tenant and depositors.
    pub deposited: u128,
    pub returned: u128,
}

impl Account {
    pub fn new(tenant: usize, units: u128, reserved: u128) -> Self {
        let own = Purse { who: tenant, left: units * PARTS, refund: None };
        let (others, streams, past) = (Vec::new(), BTreeMap::new(), Vec::new());
        let (depleted, closed, returned) = (false, false, 0);
        let deposited = units;
        Self { tenant, own, others, streams, past, reserved, depleted, closed, deposited, returned }
    }

    /// All that is left, in parts.
    pub fn left(&self) -> u128 {
        self.own.left + self.others.iter().map(|purse| purse.left).sum::<u128>()
    }

    /// Rate of all open streams: units an hour, which is parts a second.
    pub fn rate(&self) -> u128 {
        self.streams.values().filter(|stream| stream.open).map(|stream| stream.rate).sum()
    }

    pub fn open_streams(&self) -> Vec<u64> {
        let open = self.streams.iter().filter(|(_, stream)| stream.open);
        open.map(|(number, _)| *number).collect()
    }

    /// Lets seconds pass: one by one if they are few.
    pub fn pass(&mut self, seconds: u64) {
        if seconds <= 500 {
            for _ in 0..seconds {
                self.run(1);
            }
            return;
        }
        let rate = self.rate();
        if rate == 0 || self.depleted {
            return;
        }
        let funded = self.left() / rate;
        self.run(u128::from(seconds).min(funded));
        self.depleted = funded <= u128::from(seconds);
    }

    fn run(&mut self, seconds: u128) {
        let rate = self.rate();
        if rate == 0 || self.depleted {
            return;
        }
        let mut bill = rate * seconds;
        assert!(bill <= self.left());
        for purse in std::iter::once(&mut self.own).chain(&mut self.others) {
            let part = bill.min(purse.left);
            purse.left -= part;
            bill -= part;
        }
        for stream in self.streams.values_mut().filter(|stream| stream.open) {
            stream.earned += stream.rate * seconds;
        }
        self.depleted = self.left() < rate;
    }

    pub fn deposit(&mut self, who: usize, units: u128, runway: u64) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused);
        }
        self.deposited += units;
        if who == self.tenant {
            self.own.left += units * PARTS;
        } else {
            self.others.push(Purse { who, left: units * PARTS, refund: None });
        }
        self.depleted &= self.left() < self.rate() * u128::from(runway);
        Ok(())
    }

    pub fn open(
        &mut self,
        number: u64,
        stream: Stream,
        change: ReserveChange,
        runway: u64,
    ) -> Result<(), Refused> {
        let taken = self.streams.get(&number).is_some_and(|stream| stream.known);
        let burden = self.rate() + stream.rate + self.reserved_after(change);
        if self.closed || self.depleted || taken || self.left() < burden * u128::from(runway) {
            return Err(Refused);
        }
        self.past.extend(self.streams.insert(number, stream));
        self.reserve(change);
        Ok(())
    }

    fn reserved_after(&self, change: ReserveChange) -> u128 {
        match change {
            ReserveChange::To(sum) => sum.u128(),
            ReserveChange::More(more) => self.reserved + more.u128(),
            ReserveChange::Less(less) => self.reserved.saturating_sub(less.u128()),
        }
    }

    pub fn reserve(&mut self, change: ReserveChange) {
        self.reserved = self.reserved_after(change);
    }

    pub fn end(&mut self, number: u64, change: ReserveChange) -> Result<(), Refused> {
        let stream = self.streams.get_mut(&number).filter(|stream| stream.open).ok_or(Refused)?;
        stream.open = false;
        let fraction = stream.earned % PARTS;
        stream.earned -= fraction;
        self.own.left += fraction;
        self.reserve(change);
        self.depleted &= self.rate() > 0;
        Ok(())
    }

    pub fn close(&mut self) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused);
        }
        for number in self.open_streams() {
            self.end(number, ReserveChange::NONE)?;
        }
        self.reserved = 0;
        assert_eq!(self.left() % PARTS, 0, "whole units are left at the end");
        let mut rest = self.left() / PARTS;
        for purse in &mut self.others {
            let refund = purse.left.div_ceil(PARTS);
            rest -= refund;
            purse.refund = Some(refund);
        }
        self.own.refund = Some(rest);
        self.closed = true;
        Ok(())
    }

    /// Pays a stream: what its payee gets, and the fee, in units.
    pub fn withdraw(&mut self, number: u64) -> Result<(u128, u128), Refused> {
        let stream = self.streams.get_mut(&number).filter(|stream| stream.known).ok_or(Refused)?;
        let (pay, fee) = stream.owed();
        stream.paid += pay;
        stream.fee += fee;
        stream.known = stream.open;
        Ok((pay, fee))
    }

    pub fn take_own(&mut self, units: u128, runway: u64) -> Result<(), Refused> {
        let parts = units * PARTS;
        let burden = (self.rate() + self.reserved) * u128::from(runway);
        let enough = parts <= self.own.left && self.left() - parts >= burden;
        if self.closed || self.depleted || units == 0 || !enough {
            return Err(Refused);
        }
        self.own.left -= parts;
        self.returned += units;
        Ok(())
    }

    /// What a claim pays, in units, to whom.
    pub fn refund(&mut self, deposit: Option<usize>) -> Result<(usize, u128), Refused> {
        if !self.closed {
            return Err(Refused);
        }
        let (who, units) = match deposit {
            None => (self.tenant, self.own.refund.take().unwrap_or(0)),
            Some(index) => {
                let purse = self.others.get_mut(index).ok_or(Refused)?;
                (purse.who, purse.refund.take().ok_or(Refused)?)
            }
        };
        self.returned += units;
        Ok((who, units))
    }

    /// What could still be claimed of it, in parts, fee on it included.
    pub fn claims(&self) -> u128 {
        let refunds = std::iter::once(&self.own).chain(&self.others);
        let left = if self.closed {
            refunds.filter_map(|purse| purse.refund).sum::<u128>() * PARTS
        } else {
            self.left()
        };
        left + self.unpaid()
    }

    /// What streams earned and were not paid yet, in parts.
    pub fn unpaid(&self) -> u128 {
        self.streams.values().map(|s| s.earned - (s.paid + s.fee) * PARTS).sum()
    }

    /// What all streams ever earned, in parts.
    pub fn earned(&self) -> u128 {
        self.streams.values().chain(&self.past).map(|stream| stream.earned).sum()
    }
}

impl Stream {
    pub fn new(payee: usize, rate: u128, bps: u16) -> Self {
        let (earned, paid, fee) = (0, 0, 0);
        let (open, known) = (true, true);
        Self { payee, rate, bps: bps.into(), earned, paid, fee, open, known }
    }

    /// To the payee and to the fee collector, in units.
    pub fn owed(&self) -> (u128, u128) {
        let earned = self.earned / PARTS;
        let fee = Uint256::from(earned) * Uint256::from(self.bps) / Uint256::from(10_000u128);
        let fee = Uint128::try_from(fee).unwrap().u128();
        (earned - fee - self.paid, fee - self.fee)
    }
}
