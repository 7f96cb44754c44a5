//! The market for tests: accounts by name, one method for each message.
//!
//! A provider called `cheap` has the operator key `cheap-operator` and is paid at
//! `cheap-payee`. Steps that anyone may take are taken by `anyone`.

mod admin;
mod anyone;
mod ask;
mod auditor;
mod provider;
mod quoting;
mod staker;
mod tenant;

use cosmwasm_std::{Addr, Coin};
use cw_multi_test::AppResponse;
use serde::Serialize;
use souk_api::defaults::{self, DENOM};

pub use crate::contracts::Settings;
use crate::{Chain, Contracts, Hardware, souk};
pub use tenant::Deployment;

/// What came of a message. Errors downcast to the error of the contract that refused.
pub type Outcome = anyhow::Result<AppResponse>;

/// A whole market.
pub struct Market {
    /// The chain that it is on.
    pub chain: Chain,
    /// The contracts.
    pub contracts: Contracts,
    /// How many quotes were signed.
    quotes: u64,
}

impl Default for Market {
    fn default() -> Self {
        Self::new()
    }
}

impl Market {
    /// With default settings. `owner`, `guardian`, `slasher` and `pool` are in their roles.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// With settings that differ from the defaults.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut chain = Chain::new();
        let [owner, guardian, slasher, pool] =
            ["owner", "guardian", "slasher", "pool"].map(|name| chain.who(name));
        let mut settings = Settings::new(&owner, &guardian, &slasher, &pool);
        change(&mut settings);
        let contracts = Contracts::instantiate(&mut chain, &owner, settings);
        Self { chain, contracts, quotes: 0 }
    }

    /// And a provider with 100 SOUK, of which the least bond (ten slots) is at stake.
    pub fn provider(mut self, name: &str, hardware: Hardware) -> Self {
        self.mint(name, souk(100));
        let registered = self.register(name, &hardware, defaults::MIN_BOND);
        registered.unwrap_or_else(|error| panic!("{name} cannot register: {error:#}"));
        self
    }

    /// And a tenant with these coins.
    pub fn tenant(mut self, name: &str, purse: Coin) -> Self {
        self.mint(name, purse);
        self
    }

    /// And somebody with these coins who stakes them all.
    pub fn staker(mut self, name: &str, stake: Coin) -> Self {
        self.mint(name, stake.clone());
        let staked = self.stake(name, stake);
        staked.unwrap_or_else(|error| panic!("{name} cannot stake: {error:#}"));
        self
    }

    /// And what an auditor attests of a provider for 30 days.
    pub fn attested(mut self, auditor: &str, provider: &str, attributes: &[(&str, &str)]) -> Self {
        let attested = self.attest(auditor, provider, attributes, 30 * souk_core::time::DAY);
        attested.unwrap_or_else(|error| panic!("{auditor} cannot attest: {error:#}"));
        self
    }

    /// The address of whoever is called so.
    pub fn who(&self, name: &str) -> Addr {
        self.chain.who(name)
    }

    /// The operator key of a provider.
    pub fn operator(&self, provider: &str) -> Addr {
        self.who(&format!("{provider}-operator"))
    }

    /// Where a provider is paid.
    pub fn payee(&self, provider: &str) -> Addr {
        self.who(&format!("{provider}-payee"))
    }

    /// Makes coins out of nothing.
    pub fn mint(&mut self, name: &str, coin: Coin) {
        self.chain.mint(name, coin);
    }

    /// Sends any message from anyone to any of the contracts.
    pub fn send<M: Serialize + std::fmt::Debug>(
        &mut self,
        sender: &Addr,
        contract: &Addr,
        msg: &M,
        coins: &[Coin],
    ) -> Outcome {
        self.chain.execute(sender, contract, msg, coins)
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.chain.now()
    }

    /// One block later, `seconds` after the one before.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.pass_blocks(1, seconds)
    }

    /// `blocks` blocks later, `seconds` in all.
    pub fn pass_blocks(&mut self, blocks: u64, seconds: u64) -> &mut Self {
        self.chain.pass_blocks(blocks, seconds);
        self
    }

    /// What somebody holds of the market's denom, in base units. Contracts are called
    /// `escrow`, `registry`, `fee-distributor`, `orderbook` and `attestations`.
    pub fn balance(&self, name: &str) -> u128 {
        self.balance_in(name, DENOM)
    }

    /// What somebody holds of a denom, in base units.
    pub fn balance_in(&self, name: &str, denom: &str) -> u128 {
        let contract = match name {
            "escrow" => Some(&self.contracts.escrow),
            "registry" => Some(&self.contracts.registry),
            "fee-distributor" => Some(&self.contracts.fees),
            "orderbook" => Some(&self.contracts.orderbook),
            "attestations" => Some(&self.contracts.attestations),
            _ => None,
        };
        let address = contract.cloned().unwrap_or_else(|| self.who(name));
        self.chain.balance(&address, denom)
    }

    /// Panics unless every coin ever made is with somebody known, to the unit.
    pub fn check_supply(&self) {
        self.chain.check_supply();
    }
}
