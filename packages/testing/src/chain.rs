//! A chain in memory with bech32 addresses, on which every name has an address.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use cosmwasm_std::{Addr, Coin};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, Executor, MockApiBech32, SudoMsg,
};
use serde::{Serialize, de::DeserializeOwned};

/// What addresses begin with.
pub const PREFIX: &str = "souk";

/// The address of whoever is called so, on every [`Chain`].
pub fn address(name: &str) -> Addr {
    MockApiBech32::new(PREFIX).addr_make(name)
}

/// The chain, and everyone whose name came up on it.
pub struct Chain {
    /// cw-multi-test's application.
    pub app: App<BankKeeper, MockApiBech32>,
    names: RefCell<BTreeMap<String, Addr>>,
    minted: BTreeMap<String, u128>,
    burned: BTreeMap<String, u128>,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// An empty chain.
    pub fn new() -> Self {
        let app = AppBuilder::new().with_api(MockApiBech32::new(PREFIX)).build(|_, _, _| {});
        Self { app, names: RefCell::default(), minted: BTreeMap::new(), burned: BTreeMap::new() }
    }

    /// The address of whoever is called so; the name is remembered for [`Self::holdings`].
    pub fn who(&self, name: &str) -> Addr {
        let address = address(name);
        self.remember(name, &address);
        address
    }

    /// Gives an address (a contract's, say) a name.
    pub fn remember(&self, name: &str, address: &Addr) {
        self.names.borrow_mut().insert(name.to_owned(), address.clone());
    }

    /// Makes coins out of nothing.
    pub fn mint(&mut self, name: &str, coin: Coin) {
        let minted = self.minted.entry(coin.denom.clone()).or_default();
        *minted += coin.amount.u128();
        let to_address = self.who(name).to_string();
        let mint = BankSudo::Mint { to_address, amount: vec![coin] };
        if let Err(error) = self.app.sudo(SudoMsg::Bank(mint)) {
            panic!("cannot mint for {name}: {error:#}");
        }
    }

    /// Remembers that coins were burned, so that conservation expects them gone.
    pub fn note_burned(&mut self, denom: &str, units: u128) {
        *self.burned.entry(denom.to_owned()).or_default() += units;
    }

    /// Sends a message to a contract.
    pub fn execute<M: Serialize + std::fmt::Debug>(
        &mut self,
        sender: &Addr,
        contract: &Addr,
        msg: &M,
        coins: &[Coin],
    ) -> anyhow::Result<AppResponse> {
        self.app.execute_contract(sender.clone(), contract.clone(), msg, coins)
    }

    /// Asks a contract; panics if it has no answer.
    pub fn ask<T: DeserializeOwned>(&self, contract: &Addr, msg: &impl Serialize) -> T {
        self.try_ask(contract, msg).unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// Asks a contract.
    pub fn try_ask<T: DeserializeOwned>(
        &self,
        contract: &Addr,
        msg: &impl Serialize,
    ) -> cosmwasm_std::StdResult<T> {
        self.app.wrap().query_wasm_smart(contract, msg)
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// The block's height.
    pub fn height(&self) -> u64 {
        self.app.block_info().height
    }

    /// `blocks` blocks pass, `seconds` in all.
    pub fn pass_blocks(&mut self, blocks: u64, seconds: u64) {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(seconds);
        });
    }

    /// What an address holds, in base units.
    pub fn balance(&self, of: &Addr, denom: &str) -> u128 {
        let coin = self.app.wrap().query_balance(of, denom);
        coin.map_or_else(|error| panic!("no balance of {of}: {error}"), |coin| coin.amount.u128())
    }

    /// What everyone with a name holds of a denom, nothing left out.
    pub fn holdings(&self, denom: &str) -> BTreeMap<String, u128> {
        let mut seen = BTreeSet::new();
        let names = self.names.borrow();
        let once = names.iter().filter(|(_, address)| seen.insert((*address).clone()));
        once.map(|(name, address)| (name.clone(), self.balance(address, denom))).collect()
    }

    /// Panics unless all coins ever made, less those burned, are in the bank's supply and with
    /// accounts and contracts that have a name. Counted from bank balances alone.
    pub fn check_supply(&self) {
        for (denom, minted) in &self.minted {
            let burned = self.burned.get(denom).copied().unwrap_or_default();
            let supply = self.app.wrap().query_supply(denom.as_str());
            let supply = supply.map_or_else(
                |error| panic!("no supply of {denom}: {error}"),
                |coin| coin.amount.u128(),
            );
            assert_eq!(supply, minted - burned, "supply of {denom}");
            let holdings = self.holdings(denom);
            let held: u128 = holdings.values().sum();
            assert_eq!(held, supply, "{denom} with accounts and contracts: {holdings:#?}");
        }
    }
}
