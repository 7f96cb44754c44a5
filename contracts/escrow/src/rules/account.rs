//! The rule of an account: what it holds, whose money is spent first, when its clock runs,
//! and what everybody gets back. Pure: no storage, no messages.
//!
//! While an account is open, `remaining = own + others - others_spent` (scaled); when it is closed,
//! less what was refunded of the others' deposits. The tenant's own money is spent first, then the
//! others' deposits (see [`super::deposit`]).
//!
//! What goes out is subtracted with a check, and refused if it is not there: a fault must not pay.
//! Ending a stream or an account never fails.

use souk_api::{
    escrow::{ReserveChange, events::AccountChanged},
    published::{self, AccountRecord},
};
use souk_core::{
    AccountId, Amount, Clock, Denom, Price, Rate,
    clock::{self, SCALE},
};

use super::{
    deposit::Deposit,
    stream::{Returned, Stream},
};
use crate::ContractError;

/// An account and its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What is published of it, which is all of it.
    pub record: AccountRecord,
}

/// Where a deposit of another begins among all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositInterval {
    /// The deposit's number, from 1.
    pub number: u32,
    /// Where its interval begins.
    pub start: Amount,
}

impl Account {
    /// A new account; `amount` belongs to `tenant`.
    pub fn opened(
        id: AccountId,
        tenant: String,
        denom: Denom,
        amount: Amount,
        reserved: Rate,
        now: u64,
    ) -> Self {
        let mut clock = Clock::starting_at(now);
        clock.give_back(scaled(amount));
        let record = AccountRecord {
            v: published::VERSION,
            tenant,
            denom,
            clock,
            reserved,
            own: scaled(amount),
            others: Amount::ZERO,
            others_spent: 0,
            deposited: amount,
            deposits: 0,
            streams: 0,
            ran_since: 0,
            closed: false,
        };
        Self { id, record }
    }

    /// Brings the account to `now`. Settling twice is settling once.
    pub fn settle(&mut self, now: u64) {
        let spent = self.record.clock.settle(now);
        let from_own = spent.min(self.record.own);
        self.record.own = self.record.own.saturating_sub(from_own);
        let from_others = spent.saturating_sub(from_own);
        self.record.others_spent = self.record.others_spent.saturating_add(from_others);
    }

    /// The clock; settle before reading it.
    pub fn clock(&self) -> &Clock {
        &self.record.clock
    }

    /// Refuses what a closed account does not do any more.
    pub fn require_open(&self) -> Result<(), ContractError> {
        if self.record.closed { Err(ContractError::AccountClosed(self.id)) } else { Ok(()) }
    }

    /// Adds coins at `now`: to the tenant's balance if they are the `tenant`'s, else as a new
    /// interval. Says where that is, and whether a stopped clock started.
    pub fn deposit(
        &mut self,
        from_tenant: bool,
        amount: Amount,
        now: u64,
        min_runway: u64,
    ) -> Result<(Option<DepositInterval>, bool), ContractError> {
        self.require_open()?;
        self.settle(now);
        let too_much =
            |what| ContractError::TooMuch { denom: self.record.denom.clone(), amount, what };
        let deposited =
            self.record.deposited.checked_add(amount).map_err(|_| too_much("an account"))?;
        let interval = if from_tenant {
            self.record.own = self.record.own.saturating_add(scaled(amount));
            None
        } else {
            let number = self.record.deposits.checked_add(1);
            let number = number.ok_or_else(|| too_much("the list of deposits"))?;
            let interval = DepositInterval { number, start: self.record.others };
            self.record.deposits = number;
            self.record.others = self.record.others.checked_add(amount)?;
            Some(interval)
        };
        self.record.deposited = deposited;
        let restarted = self.record.clock.deposit(amount, now, min_runway);
        if restarted {
            self.record.ran_since = now;
        }
        Ok((interval, restarted))
    }

    /// Begins a stream, and says what the clock shows. The account is settled. Afterwards it
    /// must last the least runway at all its rates and what it reserves.
    pub fn open_stream(&mut self, rate: Price, min_runway: u64) -> Result<u64, ContractError> {
        self.require_open()?;
        self.require_running()?;
        let too_much = |what| ContractError::TooMuch {
            denom: self.record.denom.clone(),
            amount: Amount::saturating(rate.into()),
            what,
        };
        let streams = self.record.streams.checked_add(1);
        let streams = streams.ok_or_else(|| too_much("the number of streams"))?;
        self.record.clock.add_rate(rate.into())?;
        self.record.streams = streams;
        self.require_runway(min_runway)?;
        Ok(self.record.clock.clock)
    }

    /// Reserves more or less. It binds at the next stream and the next withdrawal of own money; it never
    /// fails, since closes change it.
    pub fn change_reserve(&mut self, change: ReserveChange) {
        self.record.reserved = change.applied_to(self.record.reserved);
    }

    /// What the clock of the settled account showed at the second `not_after`, or when it last started again if
    /// that was later; now, if there is no such second.
    pub fn reading(&self, not_after: Option<u64>) -> u64 {
        let AccountRecord { clock, ran_since, .. } = &self.record;
        not_after.map_or(clock.clock, |second| clock.reading_at(second.max(*ran_since)))
    }

    /// Ends a stream of this account, which is settled, with what it had earned when the clock showed `reading`.
    /// Its fraction of a unit joins the tenant's balance. What it would have earned since goes back, to the others'
    /// deposits first: who gave without having anything of the deployment has back before who has. It is returned,
    /// scaled.
    pub fn end_stream(&mut self, stream: &mut Stream, reading: u64) -> u128 {
        if !stream.is_open() {
            return 0;
        }
        let record = &mut self.record;
        let Returned { fraction, unearned } = stream.end(&record.clock, reading);
        record.clock.remove_rate(stream.rate.into());
        record.clock.give_back(fraction.saturating_add(unearned));
        let to_others = unearned.min(record.others_spent);
        record.others_spent = record.others_spent.saturating_sub(to_others);
        let to_own = fraction.saturating_add(unearned.saturating_sub(to_others));
        record.own = record.own.saturating_add(to_own);
        record.streams = record.streams.saturating_sub(1);
        unearned
    }

    /// Starts a clock that stands, if what came back lasts the least runway. The account is settled.
    pub fn restart(&mut self, min_runway: u64) {
        if self.record.clock.restart(min_runway) {
            self.record.ran_since = self.record.clock.anchor;
        }
    }

    /// Ends the account, whose streams have ended. What is left is then a whole number of
    /// units, split between tenant and depositors: the mark among the deposits moves down to a whole
    /// unit, and the tenant's balance pays for it.
    pub fn close(&mut self) {
        let (mark, cut) = clock::split(self.record.others_spent);
        self.record.others_spent = mark.saturating_mul(SCALE);
        self.record.own = self.record.own.saturating_sub(cut);
        self.record.reserved = Rate::ZERO;
        self.record.closed = true;
    }

    /// Takes the tenant's own money out. The account is open, settled and not depleted.
    pub fn withdraw_own(&mut self, amount: Amount, min_runway: u64) -> Result<(), ContractError> {
        self.require_open()?;
        self.require_running()?;
        let own = self.own_units();
        if amount > own {
            return Err(ContractError::NotOwnMoney { account: self.id, asked: amount, own });
        }
        self.take_own(amount)?;
        self.require_runway(min_runway)
    }

    /// What [`Account::withdraw_own`] would allow at most; for a closed account what the
    /// tenant can claim. The account is settled.
    pub fn withdrawable(&self, min_runway: u64) -> Amount {
        if self.record.closed {
            return self.own_units();
        }
        if self.record.clock.depleted_since.is_some() {
            return Amount::ZERO;
        }
        let kept = clock::spending(self.burden(), min_runway);
        let free = self.record.clock.remaining.saturating_sub(kept);
        units(free.min(self.record.own))
    }

    /// Takes all that the tenant of a closed account can claim.
    pub fn refund_own(&mut self) -> Result<Amount, ContractError> {
        self.require_closed()?;
        let amount = self.own_units();
        self.take_own(amount)?;
        Ok(amount)
    }

    /// Takes what is left of another's deposit in a closed account. The caller forgets the
    /// deposit, so that it is taken once.
    pub fn refund_deposit(&mut self, deposit: &Deposit) -> Result<Amount, ContractError> {
        self.require_closed()?;
        let amount = self.left_of(deposit);
        self.take(scaled(amount))?;
        Ok(amount)
    }

    /// What would be returned of a deposit if the account were closed now. It is settled.
    pub fn left_of(&self, deposit: &Deposit) -> Amount {
        deposit.left(self.record.others_spent)
    }

    /// Whole units left. The account is settled.
    pub fn balance(&self) -> Amount {
        units(self.record.clock.remaining)
    }

    /// What is emitted after each change.
    pub fn changed(&self) -> AccountChanged {
        let record = &self.record;
        AccountChanged {
            account: self.id,
            remaining: record.clock.remaining,
            rate: record.clock.rate,
            reserved: record.reserved,
            anchor: record.clock.anchor,
            depletion: record.clock.depletion(),
            depleted: record.clock.depleted_since.is_some(),
            closed: record.closed,
        }
    }

    fn require_closed(&self) -> Result<(), ContractError> {
        if self.record.closed { Ok(()) } else { Err(ContractError::AccountOpen(self.id)) }
    }

    fn require_running(&self) -> Result<(), ContractError> {
        match self.record.clock.depleted_since {
            Some(since) => Err(ContractError::AccountDepleted { account: self.id, since }),
            None => Ok(()),
        }
    }

    fn require_runway(&self, runway: u64) -> Result<(), ContractError> {
        let burden = self.burden();
        if self.record.clock.lasts(burden, runway) {
            return Ok(());
        }
        let (has, needed) = (self.balance(), clock::needed(burden, runway));
        Err(ContractError::TooShortRunway { account: self.id, has, burden, runway, needed })
    }

    /// All rates and reserves, base units an hour.
    fn burden(&self) -> u128 {
        self.record.clock.rate.u128().saturating_add(self.record.reserved.u128())
    }

    fn own_units(&self) -> Amount {
        units(self.record.own)
    }

    fn take_own(&mut self, amount: Amount) -> Result<(), ContractError> {
        let (asked, there) = (scaled(amount), self.record.own);
        let short = ContractError::NotThere { account: self.id, asked, there };
        self.record.own = there.checked_sub(asked).ok_or(short)?;
        self.take(asked)
    }

    fn take(&mut self, asked: u128) -> Result<(), ContractError> {
        let there = self.record.clock.remaining;
        let short = ContractError::NotThere { account: self.id, asked, there };
        self.record.clock.take(asked).ok_or(short)
    }

    /// Whether what is left is what belongs to tenant and depositors: to the last scaled unit while
    /// the account is open, at most that once deposits were refunded.
    pub fn adds_up(&self) -> bool {
        let record = &self.record;
        let others = scaled(record.others).checked_sub(record.others_spent);
        let Some(owned) = others.and_then(|others| record.own.checked_add(others)) else {
            return false;
        };
        let left = record.clock.remaining;
        if record.closed { record.own <= left && left <= owned } else { left == owned }
    }
}

fn scaled(amount: Amount) -> u128 {
    amount.u128().saturating_mul(SCALE)
}

fn units(scaled: u128) -> Amount {
    Amount::saturating(clock::split(scaled).0)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use cosmwasm_std::Addr;

    use super::*;

    /// Five units of the tenant's, and three of another's.
    fn account() -> Result<(Account, Deposit), Box<dyn Error>> {
        let id = AccountId::new(0, 7)?;
        let (own, others) = (Amount::new(5)?, Amount::new(3)?);
        let denom = Denom::native("usouk");
        let mut account = Account::opened(id, "ann".into(), denom, own, Rate::ZERO, 1_000);
        account.deposit(false, others, 1_000, 60)?;
        let depositor = Addr::unchecked("bob");
        Ok((account, Deposit { depositor, start: Amount::ZERO, amount: others }))
    }

    #[test]
    fn what_is_not_there_is_neither_refunded_nor_withdrawn() -> Result<(), Box<dyn Error>> {
        let (mut open, deposit) = account()?;
        // A fault lost all but two units.
        open.record.clock.remaining = 2 * SCALE;
        let mut closed = open.clone();
        closed.close();
        let short = |asked: u128, there: u128| {
            let (asked, there) = (asked * SCALE, there * SCALE);
            ContractError::NotThere { account: AccountId(7), asked, there }
        };
        assert_eq!(open.withdraw_own(Amount::new(5)?, 60), Err(short(5, 2)));
        assert_eq!(closed.clone().refund_own(), Err(short(5, 2)));
        assert_eq!(closed.refund_deposit(&deposit), Err(short(3, 2)));
        Ok(())
    }

    #[test]
    fn an_account_adds_up_through_its_life_and_a_fault_is_seen() -> Result<(), Box<dyn Error>> {
        let (mut account, deposit) = account()?;
        assert!(account.adds_up());
        let opened_at = account.open_stream(Price::new(2)?, 60)?;
        let payee = Addr::unchecked("payee");
        let mut stream = Stream::starting(payee, Price::new(2)?, 0, opened_at, 0);
        for now in [1_001, 4_600, 10_000, 11_801] {
            account.settle(now);
            assert!(account.adds_up(), "at {now}");
        }
        account.withdraw_own(Amount::ZERO, 60)?;
        let reading = account.reading(None);
        assert_eq!(account.end_stream(&mut stream, reading), 0);
        assert!(account.adds_up(), "the fraction is the tenant's");
        account.close();
        assert!(account.adds_up());
        account.refund_deposit(&deposit)?;
        account.refund_own()?;
        assert!(account.adds_up());
        assert_eq!(account.record.clock.remaining, 0);

        let (mut faulty, _) = self::account()?;
        faulty.record.clock.remaining += 1;
        assert!(!faulty.adds_up());
        let (mut faulty, _) = self::account()?;
        faulty.record.others_spent = 4 * SCALE;
        assert!(!faulty.adds_up());
        for left in [4 * SCALE, 9 * SCALE] {
            let (mut faulty, _) = self::account()?;
            faulty.close();
            faulty.record.clock.remaining = left;
            assert!(!faulty.adds_up(), "closed, with {left} left");
        }
        Ok(())
    }
}
