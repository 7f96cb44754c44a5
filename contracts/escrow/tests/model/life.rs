//! The contract and the bookkeeper side by side.

use std::collections::BTreeMap;

use cosmwasm_std::{Addr, Uint128, from_json, to_json_binary};
use cw_multi_test::{AppResponse, ContractWrapper, Executor};
use cw_ownable::Action;
use cw20::{Cw20Coin, Cw20ExecuteMsg};
use souk_api::{
    escrow::{Cw20Hook, ExecuteMsg, QueryMsg, TotalsResponse},
    published::{self, AccountRecord},
};
use souk_contract_std::{
    message_of,
    testing::{Act, Life as Dice, Office, Sent},
};
use souk_core::{AccountId, Denom, time::HOUR};

use crate::{
    common::{Escrow, usouk, who},
    expected::{Account, PARTS},
    messages::{self, What},
    steps::{OF_TOKEN, PARTIES, Step},
};

/// Tokens that everybody begins with.
const TOKENS: u128 = 1 << 120;

/// The last second that nanoseconds in 64 bits reach, with some room.
const END_OF_TIME: u64 = 18_000_000_000;

const YEAR: u64 = 365 * 24 * HOUR;

/// The contract and the bookkeeper side by side.
pub struct Life {
    pub(crate) escrow: Escrow,
    pub(crate) parties: Vec<Addr>,
    pub(crate) accounts: BTreeMap<u64, Account>,
    /// What each person should have been paid, in units of coins and of tokens.
    pub paid: [Vec<u128>; 2],
    /// Tokens that each person put in, and that the controller did.
    pub(crate) put: Vec<u128>,
    pub(crate) funded: u128,
    pub(crate) fees: [u128; 2],
    /// To each of the two collectors.
    pub swept: [[u128; 2]; 2],
    pub(crate) collector: usize,
    /// Whether controller and token open nothing any more.
    pub(crate) delisted: [bool; 2],
    pub(crate) token: Addr,
    pub(crate) office: Office,
    pub sent: Sent,
}

impl Life {
    pub fn new() -> Self {
        let parties: Vec<_> = (0..PARTIES).map(|n| who(&format!("person {n}"))).collect();
        let mut escrow = Escrow::new();
        let holders: Vec<_> = parties.iter().chain([&escrow.controller]).cloned().collect();
        let token = issue(&mut escrow, &holders);
        let list = messages::change(|change| change.add_cw20 = Some(vec![token.to_string()]));
        escrow.send(&escrow.owner.clone(), &list, &[]).unwrap();
        Self {
            office: Office::new(&escrow.owner, &who("guardian")),
            escrow,
            parties,
            accounts: BTreeMap::new(),
            paid: [vec![0; PARTIES], vec![0; PARTIES]],
            put: vec![0; PARTIES],
            funded: 0,
            fees: [0; 2],
            swept: [[0; 2]; 2],
            collector: 0,
            delisted: [false; 2],
            token,
            sent: Sent::default(),
        }
    }

    /// Does a step in both worlds, which agree on whether it is refused, and looks at both.
    pub fn step(&mut self, step: &Step) -> bool {
        let done = self.act(step);
        self.check();
        done
    }

    pub fn act(&mut self, step: &Step) -> bool {
        if let Some(seconds) = self.seconds(step) {
            let seconds = seconds.min(END_OF_TIME.saturating_sub(self.escrow.now()));
            self.escrow.pass(seconds);
            self.accounts.values_mut().for_each(|account| account.pass(seconds));
            return true;
        }
        if let Step::Office(number) = *step {
            let (by, act) = self.office.any(&mut Dice::new(number, 1));
            return self.administer(&by, &act);
        }
        let step = &self.exact(step);
        let (sender, what) = self.message(step);
        let done = match what {
            What::Coins(msg, funds) => {
                let done = self.escrow.send(&sender, &msg, &funds);
                if done.is_err() && !funds.is_empty() {
                    // Coins made for a refused message must not count.
                    self.escrow.app.send_tokens(sender, who("nowhere"), &funds).unwrap();
                } else if done.is_ok() {
                    self.sent.note(&msg);
                }
                done.map_err(|error| error.to_string())
            }
            What::Tokens(hook, units) => self.send_tokens(&sender, units, &hook),
        };
        let expected = self.expect(step);
        assert_eq!(done.is_ok(), expected.is_ok(), "{step:?}: {done:?}");
        if done.is_ok() {
            self.note_streams(step);
        }
        // A token's account is opened empty.
        if let (Step::Open { account: OF_TOKEN, units, streams, .. }, Ok(_)) = (step, &done) {
            self.act(&Step::Fund { account: OF_TOKEN, units: *units });
            self.act(&Step::Streams { account: OF_TOKEN, streams: streams.clone() });
        }
        done.is_ok()
    }

    /// Counts what began with others.
    fn note_streams(&mut self, step: &Step) {
        let (account, streams, how) = match step {
            Step::Open { account, streams, .. } => (*account, streams, "with their account"),
            Step::Streams { account, streams } => (*account, streams, "together"),
            _ => return,
        };
        if streams.len() > 1 {
            let held = if Self::held(account) == 0 { "coins" } else { "tokens" };
            self.sent.note_text(&format!(r#""streams in {held} {how}""#));
        }
    }

    fn send_tokens(
        &mut self,
        from: &Addr,
        units: u128,
        hook: &Cw20Hook,
    ) -> Result<AppResponse, String> {
        let (contract, msg) = (self.escrow.address.to_string(), to_json_binary(hook).unwrap());
        let send = Cw20ExecuteMsg::Send { contract, amount: units.into(), msg };
        let token = self.token.clone();
        let done = self.escrow.app.execute_contract(from.clone(), token, &send, &[]);
        if done.is_ok() {
            self.sent.note_text(r#"{"receive":{}}"#);
            let kind = if matches!(hook, Cw20Hook::Fund { .. }) { "fund" } else { "deposit" };
            self.sent.note_text(&format!(r#""hook {kind}""#));
        }
        done.map_err(|error| format!("{error:#}"))
    }

    /// What owner or guardian do, or somebody else.
    fn administer(&mut self, by: &Addr, act: &Act) -> bool {
        let msg = message_of!(act, ExecuteMsg);
        let done = self.escrow.send(by, &msg, &[]);
        let expected = self.office.act(self.escrow.now(), by, act);
        assert_eq!(done.is_ok(), expected, "{act:?} of {by}: {done:?}");
        if expected {
            self.sent.note(&msg);
        }
        expected
    }

    /// The owner gives the contract up, which waits for the end of a pause.
    pub fn renounce(&mut self) {
        let own = |action| Act::Own(action);
        let owner = self.office.owner();
        self.administer(&owner, &Act::Pause);
        assert!(!self.administer(&owner, &own(Action::RenounceOwnership)));
        self.administer(&owner, &Act::Unpause);
        assert!(self.administer(&owner, &own(Action::RenounceOwnership)));
        assert!(!self.administer(&owner, &Act::Pause), "nobody owns it");
    }

    /// What an account is held in: coins or tokens.
    pub(crate) fn held(account: u64) -> usize {
        usize::from(account == OF_TOKEN)
    }

    /// An edge as the step that it comes to.
    fn exact(&self, step: &Step) -> Step {
        match *step {
            Step::TakeAll { account, more } => {
                let free = self.accounts.get(&account).map_or(0, |of| {
                    let kept = (of.rate() + of.reserved) * u128::from(HOUR);
                    of.own.left.min(of.left().saturating_sub(kept)) / PARTS
                });
                Step::TakeOwn { account, units: free + more }
            }
            Step::Restart { account, who, less } => {
                let needed = self.accounts.get(&account).map_or(0, |of| {
                    (of.rate() * u128::from(HOUR)).saturating_sub(of.left()).div_ceil(PARTS)
                });
                Step::Deposit { account, who, units: needed.saturating_sub(less).max(1) }
            }
            ref other => other.clone(),
        }
    }

    /// How much time a step takes, if that is all that it does.
    fn seconds(&self, step: &Step) -> Option<u64> {
        match *step {
            Step::Pass(seconds) => Some(seconds),
            Step::AlmostDeplete { account } => {
                let wait = self.seconds(&Step::Deplete { account, more: 0 });
                wait.map(|wait| wait.saturating_sub(1))
            }
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

    /// Everything that must hold at every moment.
    fn check(&self) {
        let escrow = &self.escrow;
        for held in [0, 1] {
            let denom = if held == 0 { usouk() } else { Denom::Cw20(self.token.to_string()) };
            let totals: TotalsResponse = escrow.query(&QueryMsg::Totals { denom });
            let (sum, fees) = (totals.held.u128(), totals.fees.u128());
            assert_eq!(self.balance(held, &escrow.address), sum + fees, "it has what it owes");
            let of_it = self.accounts.iter().filter(|(account, _)| Self::held(**account) == held);
            let claims: u128 = of_it.map(|(_, account)| account.claims()).sum();
            assert_eq!(sum * PARTS, claims, "what is held is what can be claimed");
            let swept = self.swept[held];
            assert_eq!(fees, self.fees[held] - swept[0] - swept[1], "fees are counted once");
            for (collector, units) in self.collectors().iter().zip(swept) {
                assert_eq!(self.balance(held, collector), units, "fees go to the collector");
            }
            for (n, person) in self.parties.iter().enumerate() {
                let had = if held == 1 { TOKENS - self.put[n] } else { 0 };
                let paid = had + self.paid[held][n];
                assert_eq!(self.balance(held, person), paid, "everybody was paid their own");
            }
        }
        let left = TOKENS - self.funded;
        assert_eq!(self.balance(1, &escrow.controller), left, "a controller gets nothing");
        for (local, account) in &self.accounts {
            self.check_account(AccountId(*local), account);
        }
    }

    fn balance(&self, held: usize, of: &Addr) -> u128 {
        if held == 0 {
            return self.escrow.balance(of);
        }
        // The token's own record, which is quicker than a query.
        let key = [b"\0\x07balance".as_slice(), of.as_bytes()].concat();
        let found = self.escrow.app.wrap().query_wasm_raw(&self.token, key).unwrap();
        found.map_or(0, |units| from_json::<Uint128>(units).unwrap().u128())
    }

    pub(crate) fn collectors(&self) -> [Addr; 2] {
        [self.escrow.collector.clone(), who("other collector")]
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

    pub fn withdraw_all_open(&mut self) {
        let all = self.accounts.iter().flat_map(|(account, expected)| {
            expected.open_streams().into_iter().map(|stream| (*account, stream))
        });
        for (account, stream) in all.collect::<Vec<_>>() {
            assert!(self.act(&Step::Withdraw { account, stream }));
        }
    }

    /// Closes and claims everything that is left.
    pub fn end(&mut self) {
        let open: Vec<u64> = self.accounts.keys().copied().collect();
        for account in open {
            let expected = &self.accounts[&account];
            let mut last = Vec::new();
            if !expected.closed {
                last.push(Step::Close { account, ago: Vec::new() });
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
        for held in [0, 1] {
            self.step(&Step::Sweep(held));
            assert_eq!(self.balance(held, &self.escrow.address), 0, "nothing is left over");
        }
    }
}

fn issue(escrow: &mut Escrow, holders: &[Addr]) -> Addr {
    let code = escrow.app.store_code(Box::new(ContractWrapper::new(
        cw20_base::contract::execute,
        cw20_base::contract::instantiate,
        cw20_base::contract::query,
    )));
    let amount = Uint128::new(TOKENS);
    let holders = holders.iter().map(|who| Cw20Coin { address: who.to_string(), amount });
    let msg = cw20_base::msg::InstantiateMsg {
        name: "Token".into(),
        symbol: "TOKEN".into(),
        decimals: 6,
        initial_balances: holders.collect(),
        mint: None,
        marketing: None,
    };
    escrow.app.instantiate_contract(code, who("issuer"), &msg, &[], "token", None).unwrap()
}
