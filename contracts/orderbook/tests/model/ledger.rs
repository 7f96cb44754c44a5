//! Who gets what: books of all coins and tokens, kept by the messages that went well, and compared with bank
//! and token after every step. They know the rules of money and nothing of how contracts store it: accounts
//! are the escrow's model, fees the distributor's.

mod absence;
mod fees;
mod leases;
mod orders;
mod payouts;
mod quotes;
mod registry;

use std::collections::{BTreeMap, BTreeSet};

use cosmwasm_std::{Coin, Event, HexBinary, Order as Direction, Storage, from_json};
use souk_api::{defaults::DENOM, escrow};
use souk_contract_std::testing::Sent;

use crate::{
    expected::{Account, PARTS},
    market::*,
};

pub use absence::Presence;
pub use fees::{Fees, STAKERS};
pub use orders::{Deal, Lease, Order};
pub use quotes::Quotes;
pub use registry::Bond;

/// Coins and tokens.
pub const COIN: usize = 0;
pub const TOKEN: usize = 1;

/// Values of raw keys, with what they say.
type Read = BTreeMap<Vec<u8>, (Vec<u8>, u128)>;

pub struct Ledger {
    now: u64,
    /// The block of the message that is looked at.
    height: u64,
    pub presence: Presence,
    /// Whether that message ends a deployment.
    ends_deployment: bool,
    /// What everyone has, of coins and of tokens.
    has: [BTreeMap<String, u128>; 2],
    holders: Vec<String>,
    /// Accounts with what they are held in.
    pub accounts: BTreeMap<u64, (usize, Account)>,
    /// Deployments.
    deals: BTreeMap<u64, Deal>,
    pub orders: BTreeMap<u64, Order>,
    pub quotes: Quotes,
    /// How many quotes were refused, by the reason.
    pub refused: BTreeMap<&'static str, usize>,
    pub bonds: BTreeMap<String, Bond>,
    /// Breaches of each provider.
    pub breaches: BTreeMap<String, u64>,
    pub fees: Fees,
    /// Fees that were not swept yet.
    unswept: [u128; 2],
    /// Which deployments the last step touched.
    pub touched: BTreeSet<u64>,
    pub sent: Sent,
    places: u64,
    /// What was last read of the bank and the token, with what it says.
    read: [Read; 2],
}

impl Ledger {
    /// Books that begin with what is there.
    pub fn begin(market: &Market, fees: Fees) -> Self {
        let mut ledger = Self {
            now: market.now(),
            height: 0,
            presence: Presence::default(),
            ends_deployment: false,
            has: Default::default(),
            holders: Vec::new(),
            accounts: BTreeMap::new(),
            deals: BTreeMap::new(),
            orders: BTreeMap::new(),
            quotes: Quotes::default(),
            refused: BTreeMap::new(),
            bonds: BTreeMap::new(),
            breaches: BTreeMap::new(),
            fees,
            unswept: [0; 2],
            touched: BTreeSet::new(),
            sent: Sent::default(),
            places: 0,
            read: Default::default(),
        };
        for held in [COIN, TOKEN] {
            let all = ledger.really_has(market, held);
            ledger.has[held] = all;
        }
        ledger
    }

    /// Brings the books up to what was sent until now.
    pub fn take(&mut self, market: &Market, records: Vec<Record>) {
        self.touched.clear();
        for record in records {
            self.pass(record.at);
            self.height = record.height;
            self.take_one(market, &record);
        }
        self.pass(market.now());
    }

    fn pass(&mut self, now: u64) {
        let seconds = now - self.now;
        let running = self.accounts.values_mut().map(|(_, account)| account);
        for account in running.filter(|account| !account.closed) {
            account.pass(seconds);
        }
        self.fees.expected.pass(seconds);
        self.now = now;
    }

    fn take_one(&mut self, market: &Market, record: &Record) {
        for coin in &record.funds {
            *self.purse(COIN, record.from.as_str()) += coin.amount.u128();
        }
        if record.to == market.orderbook {
            let msg = from_json(&record.msg).unwrap();
            let paid = record.funds.first().map(|coin| (COIN, coin.amount.u128()));
            self.foretell(record.from.as_str(), &msg, paid, record.done.is_some());
            let Some(events) = &record.done else { return };
            self.note(record);
            let by_guardian = record.from == market.guardian;
            self.presence.take(&msg, by_guardian, (record.at, record.height));
            self.quotes.of_owner(&msg);
            self.of_orderbook(market, record.from.as_str(), &msg, paid, events);
        } else if record.to == market.escrow {
            let msg = from_json(&record.msg).unwrap();
            self.of_escrow(market, record, &msg);
        } else if record.to == market.registry {
            let msg = from_json(&record.msg).unwrap();
            self.of_registry(market, record, &msg);
        } else if record.to == market.attestations && record.done.is_some() {
            self.quotes.of_attestations(&from_json(&record.msg).unwrap());
        } else if record.to == self.fees.distributor {
            let msg = from_json(&record.msg).unwrap();
            self.of_distributor(market, record, &msg);
        } else if record.to == self.fees.token {
            let msg = from_json(&record.msg).unwrap();
            self.of_token(market, record, &msg);
        }
    }

    fn note(&mut self, record: &Record) {
        self.sent.note_text(std::str::from_utf8(&record.msg).unwrap());
    }

    fn purse(&mut self, held: usize, who: &str) -> &mut u128 {
        if !self.has[held].contains_key(who) {
            self.has[held].insert(who.to_owned(), 0);
        }
        self.has[held].get_mut(who).unwrap()
    }

    fn moves(&mut self, held: usize, from: &str, to: &str, units: u128) {
        let purse = self.purse(held, from);
        *purse = purse.checked_sub(units).unwrap_or_else(|| panic!("{from} has no {units}"));
        *self.purse(held, to) += units;
    }

    fn person(&mut self, address: &str) -> usize {
        let found = self.holders.iter().position(|one| one == address);
        found.unwrap_or_else(|| {
            self.holders.push(address.to_owned());
            self.holders.len() - 1
        })
    }

    /// Everyone has exactly what the books say, and nobody else has anything.
    pub fn check(&mut self, market: &Market, when: &str) {
        for held in [COIN, TOKEN] {
            let really = self.really_has(market, held);
            for (who, units) in &really {
                let expected = self.has[held].get(who).copied().unwrap_or(0);
                assert_eq!(*units, expected, "{who} has another sum of {held}; {when}");
            }
            let known = self.has[held].iter().filter(|(_, units)| **units > 0);
            for (who, units) in known {
                assert!(really.contains_key(who), "{who} should have {units} of {held}; {when}");
            }
            let escrow = really.get(market.escrow.as_str()).copied().unwrap_or(0);
            let of_it = self.accounts.values().filter(|(of, _)| *of == held);
            let claims: u128 = of_it.map(|(_, account)| account.claims()).sum();
            let owed = claims + self.unswept[held] * PARTS;
            assert_eq!(escrow * PARTS, owed, "the escrow has what it owes of {held}; {when}");
            let resting = really.get(market.orderbook.as_str()).copied().unwrap_or(0);
            assert_eq!(resting, 0, "coins do not rest in the orderbook; {when}");
        }
        let bonds: u128 = self.bonds.values().map(Bond::at_stake).sum();
        let registry = self.has[COIN].get(market.registry.as_str()).copied().unwrap_or(0);
        assert_eq!(registry, bonds, "the registry has the bonds; {when}");
        self.fees.expected_parts(market, when);
    }

    /// Straight from storage, which is quicker than a query for each; what did not change is not read again.
    fn really_has(&mut self, market: &Market, held: usize) -> BTreeMap<String, u128> {
        let found: Vec<(Vec<u8>, Vec<u8>)> = if held == COIN {
            let prefix = b"\0\x04bank\0\x08balances";
            let mut end = prefix.to_vec();
            *end.last_mut().unwrap() += 1;
            let all = market.app.storage().range(Some(prefix), Some(&end), Direction::Ascending);
            all.map(|(key, value)| (key[prefix.len()..].to_vec(), value)).collect()
        } else {
            let all = market.app.dump_wasm_raw(&self.fees.token).into_iter();
            let prefix = b"\0\x07balance";
            let own = |key: &[u8]| key.strip_prefix(prefix.as_slice()).map(<[u8]>::to_vec);
            all.filter_map(|(key, value)| own(&key).map(|key| (key, value))).collect()
        };
        let read = &mut self.read[held];
        let mut all = BTreeMap::new();
        for (key, value) in found {
            let known = read.get(&key).filter(|(before, _)| *before == value);
            let units = known.map_or_else(
                || if held == COIN { of_coins(&value) } else { of_tokens(&value) },
                |(_, units)| *units,
            );
            all.insert(String::from_utf8(key.clone()).unwrap(), units);
            read.insert(key, (value, units));
        }
        all
    }

    /// What an account has as it is shown is what the books say of it, and what its streams earned.
    pub fn check_account(&self, market: &Market, id: u64, when: &str) {
        let Some((_, expected)) = self.accounts.get(&id) else { return };
        let shown = market.account(souk_core::DeploymentId(id));
        let left = expected.claims() - expected.unpaid();
        assert_eq!(shown.clock.remaining, left, "account {id}; {when}");
        let accounted = left + expected.earned() + expected.returned * PARTS;
        assert_eq!(expected.deposited * PARTS, accounted, "account {id}; {when}");
        assert_eq!(shown.clock.depleted_since.is_some(), expected.depleted, "{id}; {when}");
        assert_eq!(shown.closed, expected.closed, "account {id}; {when}");
        assert_eq!(shown.streams as usize, expected.open_streams().len(), "{id}; {when}");
        for (number, stream) in expected.streams.iter().filter(|(_, stream)| stream.known) {
            let order = souk_core::OrderId(*number);
            let shown = market.stream(souk_core::DeploymentId(id), order);
            let seen = (shown.owed.u128(), shown.earned.u128(), shown.paid.u128());
            let own = (stream.owed().0, stream.earned / PARTS, stream.paid);
            assert_eq!(seen, own, "stream {number} of {id}; {when}");
        }
    }
}

fn of_coins(value: &[u8]) -> u128 {
    let coins: Vec<Coin> = from_json(value).unwrap();
    assert!(coins.iter().all(|coin| coin.denom == DENOM), "{coins:?}");
    coins.iter().map(|coin| coin.amount.u128()).sum()
}

fn of_tokens(value: &[u8]) -> u128 {
    from_json::<cosmwasm_std::Uint128>(value).unwrap().u128()
}
