//! Random lives of several accounts against a naive bookkeeper, compared after every step:
//! no unit is lost, created, paid twice or paid to the wrong one, at any amount and time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;
mod expected;
mod steps;

use std::collections::BTreeMap;

use common::{DENOM, Escrow, amount, price, rate, who};
use cosmwasm_std::{Addr, Coin, coins, from_json};
use cw_multi_test::Executor;
use expected::{Account, PARTS, Refused, Stream};
use proptest::prelude::*;
use souk_api::{
    escrow::ExecuteMsg,
    published::{self, AccountRecord},
};
use souk_core::{AccountId, time::HOUR};
use steps::{PARTIES, Step};

/// The last second that nanoseconds in 64 bits reach, with some room.
const END_OF_TIME: u64 = 18_000_000_000;

const YEAR: u64 = 365 * 24 * HOUR;

/// The contract and the bookkeeper side by side.
struct Life {
    escrow: Escrow,
    parties: Vec<Addr>,
    accounts: BTreeMap<u64, Account>,
    /// What each person should have been paid, in units.
    paid: Vec<u128>,
    fees: u128,
    swept: u128,
    /// Whether the controller opens nothing any more.
    delisted: bool,
}

impl Life {
    fn new() -> Self {
        let parties = (0..PARTIES).map(|n| who(&format!("person {n}"))).collect();
        let paid = vec![0; PARTIES];
        let (fees, swept) = (0, 0);
        let (accounts, delisted) = (BTreeMap::new(), false);
        Self { escrow: Escrow::new(), parties, accounts, paid, fees, swept, delisted }
    }

    /// Does a step in both worlds, which agree on whether it is refused, and looks at both.
    fn step(&mut self, step: &Step) -> bool {
        let done = self.act(step);
        self.check();
        done
    }

    fn act(&mut self, step: &Step) -> bool {
        if let Some(seconds) = self.seconds(step) {
            let seconds = seconds.min(END_OF_TIME.saturating_sub(self.escrow.now()));
            self.escrow.pass(seconds);
            self.accounts.values_mut().for_each(|account| account.pass(seconds));
            return true;
        }
        let (sender, msg, funds) = self.message(step);
        let done = self.escrow.send(&sender, &msg, &funds);
        let expected = self.expect(step);
        assert_eq!(done.is_ok(), expected.is_ok(), "{step:?}: {done:?}");
        if done.is_err() && !funds.is_empty() {
            // Coins made for a refused message must not count.
            self.escrow.app.send_tokens(sender, who("nowhere"), &funds).unwrap();
        }
        done.is_ok()
    }

    /// How much time a step takes, if that is all that it does.
    fn seconds(&self, step: &Step) -> Option<u64> {
        match *step {
            Step::Pass(seconds) => Some(seconds),
            Step::Deplete { account, more } => {
                let known = self.accounts.contains_key(&account);
                let depletion =
                    known.then(|| self.escrow.account(AccountId(account)).depletion).flatten();
                let wait = depletion.map(|moment| moment.saturating_sub(self.escrow.now()));
                let soon = wait.filter(|wait| *wait < YEAR).unwrap_or(0);
                Some(soon + more)
            }
            _ => None,
        }
    }

    fn message(&self, step: &Step) -> (Addr, ExecuteMsg, Vec<Coin>) {
        let controller = self.escrow.controller.clone();
        let person = |n: usize| self.parties[n].clone();
        let stranger = who("stranger");
        match *step {
            Step::Pass(_) | Step::Deplete { .. } => unreachable!("time passes without a message"),
            Step::Open { account, tenant, units, reserved } => {
                let tenant = person(tenant).into();
                let msg =
                    ExecuteMsg::OpenAccount { local: account, tenant, reserved: rate(reserved) };
                (controller, msg, coins(units, DENOM))
            }
            Step::Stream { account, stream, payee, rate: units, bps, reserved } => {
                let msg = ExecuteMsg::OpenStream {
                    local: account,
                    stream,
                    payee: person(payee).into(),
                    rate: price(units),
                    take_bps: bps,
                    reserved,
                };
                (controller, msg, vec![])
            }
            Step::End { account, stream, reserved } => {
                (controller, ExecuteMsg::CloseStream { local: account, stream, reserved }, vec![])
            }
            Step::Reserve { account, reserved } => {
                (controller, ExecuteMsg::Reserve { local: account, reserved }, vec![])
            }
            Step::Close { account } => {
                let streams = self.accounts.get(&account).map(Account::open_streams);
                let streams = streams.unwrap_or_default();
                (controller, ExecuteMsg::CloseAccount { local: account, streams }, vec![])
            }
            Step::Deposit { account, who, units } => {
                let account = AccountId(account);
                (person(who), ExecuteMsg::Deposit { account }, coins(units, DENOM))
            }
            Step::Withdraw { account, stream } => {
                let account = AccountId(account);
                (stranger, ExecuteMsg::Withdraw { account, stream }, vec![])
            }
            Step::TakeOwn { account, units } => {
                let tenant = self.accounts.get(&account).map_or(0, |account| account.tenant);
                let (account, amount) = (AccountId(account), amount(units));
                (person(tenant), ExecuteMsg::WithdrawDeposit { account, amount }, vec![])
            }
            Step::Refund { account, deposit } => {
                let account = AccountId(account);
                let deposit = deposit.map(|index| u32::try_from(index).unwrap() + 1);
                (stranger, ExecuteMsg::ClaimRefund { account, deposit }, vec![])
            }
            Step::Sweep => (stranger, ExecuteMsg::SweepFees { denom: common::usouk() }, vec![]),
            Step::Delist(on) => {
                let named = |is_named: bool| is_named.then(|| vec![controller.to_string()]);
                let msg = ExecuteMsg::UpdateConfig {
                    guardian: None,
                    fee_collector: None,
                    add_controller: None,
                    add_cw20: None,
                    delist: named(on),
                    relist: named(!on),
                };
                (self.escrow.owner.clone(), msg, vec![])
            }
        }
    }

    fn find(&mut self, account: u64) -> Result<&mut Account, Refused> {
        self.accounts.get_mut(&account).ok_or(Refused)
    }

    fn expect(&mut self, step: &Step) -> Result<(), Refused> {
        // What is open goes on, new streams included.
        if self.delisted && matches!(step, Step::Open { .. }) {
            return Err(Refused);
        }
        match *step {
            Step::Pass(_) | Step::Deplete { .. } => {}
            Step::Open { account, tenant, units, reserved } => {
                if self.accounts.contains_key(&account) {
                    return Err(Refused);
                }
                self.accounts.insert(account, Account::new(tenant, units, reserved));
            }
            Step::Stream { account, stream, payee, rate, bps, reserved } => {
                self.find(account)?.open(stream, Stream::new(payee, rate, bps), reserved, HOUR)?;
            }
            Step::End { account, stream, reserved } => {
                self.find(account)?.end(stream, reserved)?;
            }
            Step::Reserve { account, reserved } => {
                let account = self.find(account)?;
                if account.closed {
                    return Err(Refused);
                }
                account.reserve(reserved);
            }
            Step::Close { account } => self.find(account)?.close()?,
            Step::Deposit { account, who, units } => {
                self.find(account)?.deposit(who, units, HOUR)?
            }
            Step::Withdraw { account, stream } => {
                let account = self.find(account)?;
                let (pay, fee) = account.withdraw(stream)?;
                let payee = account.streams[&stream].payee;
                self.paid[payee] += pay;
                self.fees += fee;
            }
            Step::TakeOwn { account, units } => {
                let account = self.find(account)?;
                account.take_own(units, HOUR)?;
                let tenant = account.tenant;
                self.paid[tenant] += units;
            }
            Step::Refund { account, deposit } => {
                let (who, units) = self.find(account)?.refund(deposit)?;
                self.paid[who] += units;
            }
            Step::Sweep => self.swept = self.fees,
            Step::Delist(on) if on == self.delisted => return Err(Refused),
            Step::Delist(on) => self.delisted = on,
        }
        Ok(())
    }

    /// Everything that must hold at every moment.
    fn check(&self) {
        let escrow = &self.escrow;
        let totals = escrow.totals();
        let (held, fees) = (totals.held.u128(), totals.fees.u128());
        assert_eq!(escrow.balance(&escrow.address), held + fees, "the contract has what it owes");
        let claims: u128 = self.accounts.values().map(Account::claims).sum();
        assert_eq!(held * PARTS, claims, "what is held is what can be claimed");
        assert_eq!(fees, self.fees - self.swept, "fees are counted once");
        assert_eq!(escrow.balance(&escrow.collector), self.swept);
        for (person, paid) in self.parties.iter().zip(&self.paid) {
            assert_eq!(escrow.balance(person), *paid, "everybody was paid their own");
        }
        for (local, account) in &self.accounts {
            self.check_account(AccountId(*local), account);
        }
    }

    fn check_account(&self, id: AccountId, expected: &Account) {
        let shown = self.escrow.account(id);
        let earned = expected.earned();
        let left = expected.claims() - expected.unpaid();
        assert_eq!(shown.clock.remaining, left, "account {id}");
        let accounted = left + earned + expected.returned * PARTS;
        assert_eq!(expected.deposited * PARTS, accounted, "no part of account {id} is lost");
        assert_eq!(shown.clock.depleted_since.is_some(), expected.depleted, "account {id}");
        assert_eq!(shown.closed, expected.closed);
        assert_eq!(shown.streams as usize, expected.open_streams().len());
        self.check_record(id, expected);
        for (number, stream) in expected.streams.iter().filter(|(_, stream)| stream.known) {
            let shown = self.escrow.stream_of(id, *number);
            let seen = (shown.owed.u128(), shown.earned.u128(), shown.paid.u128());
            assert_eq!(seen, (stream.owed().0, stream.earned / PARTS, stream.paid));
        }
        for deposit in self.escrow.deposits(id).deposits {
            let purse = &expected.others[deposit.deposit as usize - 1];
            let left = purse.refund.unwrap_or_else(|| purse.left.div_ceil(PARTS));
            assert_eq!(deposit.left.u128(), left, "deposit {} of account {id}", deposit.deposit);
        }
    }

    /// What is published of it: as last saved, so it is brought to the present first.
    fn check_record(&self, id: AccountId, expected: &Account) {
        let record =
            self.escrow.app.wrap().query_wasm_raw(&self.escrow.address, published::account_key(id));
        let record: AccountRecord = from_json(record.unwrap().unwrap()).unwrap();
        let mut account = souk_escrow::rules::account::Account { id, record };
        account.settle(self.escrow.now());
        let record = account.record;
        if expected.closed {
            assert_eq!(record.own, expected.own.refund.unwrap_or(0) * PARTS, "account {id}");
            return;
        }
        let others = record.others.u128() * PARTS - record.others_spent;
        assert_eq!((record.own, record.own + others), (expected.own.left, record.clock.remaining));
    }

    fn withdraw_all_open(&mut self) {
        let all = self.accounts.iter().flat_map(|(account, expected)| {
            expected.open_streams().into_iter().map(|stream| (*account, stream))
        });
        for (account, stream) in all.collect::<Vec<_>>() {
            assert!(self.act(&Step::Withdraw { account, stream }));
        }
    }

    /// Closes and claims everything that is left.
    fn end(&mut self) {
        let open: Vec<u64> = self.accounts.keys().copied().collect();
        for account in open {
            let expected = &self.accounts[&account];
            let mut last = Vec::new();
            if !expected.closed {
                last.push(Step::Close { account });
            }
            let known = expected.streams.iter().filter(|(_, stream)| stream.known);
            last.extend(known.map(|(stream, _)| Step::Withdraw { account, stream: *stream }));
            last.push(Step::Refund { account, deposit: None });
            for (index, purse) in expected.others.iter().enumerate() {
                if !expected.closed || purse.refund.is_some() {
                    last.push(Step::Refund { account, deposit: Some(index) });
                }
            }
            for step in &last {
                assert!(self.step(step), "{step:?} cannot be refused at the end");
            }
            // Asking again pays nothing.
            for step in &last {
                self.step(step);
            }
        }
        self.step(&Step::Sweep);
        assert_eq!(self.escrow.balance(&self.escrow.address), 0, "nothing is left over");
    }
}

fn cases() -> ProptestConfig {
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if given { usual } else { ProptestConfig { cases: 40, ..usual } }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_life_loses_or_makes_a_unit(steps in steps::life()) {
        let mut life = Life::new();
        for step in &steps {
            life.step(step);
        }
        life.end();
    }

    /// The same life, with and without someone who withdraws for everybody at every turn.
    #[test]
    fn payees_get_the_same_however_often_anyone_withdraws(steps in steps::life()) {
        let kept = |step: &&Step| !matches!(step, Step::Withdraw { .. } | Step::Sweep);
        let steps: Vec<&Step> = steps.iter().filter(kept).collect();
        let end = |busy: bool| {
            let mut life = Life::new();
            for step in &steps {
                life.act(step);
                if busy {
                    life.withdraw_all_open();
                }
            }
            life.end();
            (life.paid, life.swept)
        };
        prop_assert_eq!(end(false), end(true));
    }
}
