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
    /// What was put in and what is left, in parts.
    pub put: u128,
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
    /// The seconds in which it earned: from, and until before.
    pub runs: Vec<(u64, u64)>,
    /// Of how many of the last of them nothing is paid out while it runs.
    pub hold: u64,
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
    pub now: u64,
    /// When it last went on after it had been depleted.
    pub went_on: u64,
    /// In units: what came, and what went back to tenant and depositors.
    pub deposited: u128,
    pub returned: u128,
}

impl Purse {
    fn of(who: usize, units: u128) -> Self {
        Self { who, put: units * PARTS, left: units * PARTS, refund: None }
    }
}

impl Account {
    pub fn new(tenant: usize, units: u128, reserved: u128, now: u64) -> Self {
        Self {
            tenant,
            own: Purse::of(tenant, units),
            others: Vec::new(),
            streams: BTreeMap::new(),
            past: Vec::new(),
            reserved,
            depleted: false,
            closed: false,
            now,
            went_on: 0,
            deposited: units,
            returned: 0,
        }
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
        if self.rate() > 0 && seconds <= 500 {
            for _ in 0..seconds {
                self.run(1);
            }
            return;
        }
        let (rate, later) = (self.rate(), self.now + seconds);
        if rate > 0 && !self.depleted {
            let funded = self.left() / rate;
            self.run(u64::try_from(funded).map_or(seconds, |funded| funded.min(seconds)));
            self.depleted = funded <= u128::from(seconds);
        }
        self.now = later;
    }

    fn run(&mut self, seconds: u64) {
        let (rate, from) = (self.rate(), self.now);
        self.now += seconds;
        if rate == 0 || self.depleted {
            return;
        }
        let mut bill = rate * u128::from(seconds);
        assert!(bill <= self.left());
        for purse in std::iter::once(&mut self.own).chain(&mut self.others) {
            let part = bill.min(purse.left);
            purse.left -= part;
            bill -= part;
        }
        for stream in self.streams.values_mut().filter(|stream| stream.open) {
            stream.earned += stream.rate * u128::from(seconds);
            match stream.runs.last_mut() {
                Some((_, until)) if *until == from => *until += seconds,
                _ => stream.runs.push((from, from + seconds)),
            }
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
            self.others.push(Purse::of(who, units));
        }
        self.go_on(runway);
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

    /// Goes on after a depletion, if there is enough for the least runway.
    fn go_on(&mut self, runway: u64) {
        if self.depleted && self.left() >= self.rate() * u128::from(runway) {
            self.depleted = false;
            self.went_on = self.now;
        }
    }

    pub fn end(
        &mut self,
        number: u64,
        change: ReserveChange,
        not_after: Option<u64>,
        runway: u64,
    ) -> Result<(), Refused> {
        let back = self.stop(number, not_after)?;
        self.reserve(change);
        if back > 0 {
            self.go_on(runway);
        }
        Ok(())
    }

    /// Ends a stream. It keeps what it earned before `not_after`, or before the account last went on if that was
    /// later, and what it was paid; the rest, in parts, goes back to whose purse was emptied last.
    pub fn stop(&mut self, number: u64, not_after: Option<u64>) -> Result<u128, Refused> {
        let stream = self.streams.get_mut(&number).filter(|stream| stream.open).ok_or(Refused)?;
        stream.open = false;
        let until = not_after.map_or(u64::MAX, |second| second.max(self.went_on));
        let kept = stream.rate * u128::from(stream.seconds_before(until));
        let kept = kept.max((stream.paid + stream.fee) * PARTS);
        let back = stream.earned - kept;
        let fraction = kept % PARTS;
        stream.earned = kept - fraction;
        let mut rest = back;
        for purse in self.others.iter_mut().rev() {
            let part = rest.min(purse.put - purse.left);
            purse.left += part;
            rest -= part;
        }
        self.own.left += rest + fraction;
        self.depleted &= self.rate() > 0;
        Ok(back)
    }

    pub fn close(&mut self, not_after: &[(u64, u64)]) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused);
        }
        for number in self.open_streams() {
            let found = not_after.iter().find(|(stream, _)| *stream == number);
            self.stop(number, found.map(|(_, second)| *second))?;
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
    pub fn new(payee: usize, rate: u128, bps: u16, hold: u64) -> Self {
        let (earned, paid, fee) = (0, 0, 0);
        let (open, known, runs) = (true, true, Vec::new());
        Self { payee, rate, bps: bps.into(), earned, runs, hold, paid, fee, open, known }
    }

    /// In how many seconds before a moment it earned.
    fn seconds_before(&self, moment: u64) -> u64 {
        let within = |&(from, until): &(u64, u64)| until.min(moment).saturating_sub(from);
        self.runs.iter().map(within).sum()
    }

    /// What of its pay can be paid out, in parts.
    fn payable(&self) -> u128 {
        if !self.open {
            return self.earned;
        }
        let seconds = self.seconds_before(u64::MAX).saturating_sub(self.hold);
        self.rate * u128::from(seconds)
    }

    /// To the payee and to the fee collector, in units.
    pub fn owed(&self) -> (u128, u128) {
        let earned = self.payable() / PARTS;
        let fee = Uint256::from(earned) * Uint256::from(self.bps) / Uint256::from(10_000u128);
        let fee = Uint128::try_from(fee).unwrap().u128();
        (earned - fee - self.paid, fee - self.fee)
    }
}
