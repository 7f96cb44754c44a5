//! For tests of a contract (feature `testing`): a chain in memory, on which names have addresses, and
//! random lives on it.

mod lives;
mod office;

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Coin, StdResult, Storage, Timestamp, testing::MockStorage};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, Executor, MockApiBech32, SudoMsg,
};

pub use lives::{Life, Lives, Sent};
pub use office::{Act, Office};

/// What addresses begin with.
pub const PREFIX: &str = "souk";

/// The address of someone called `name`, on every [`Chain`].
pub fn who(name: &str) -> Addr {
    MockApiBech32::new(PREFIX).addr_make(name)
}

/// A chain in memory; `S` is its storage.
pub struct Chain<S = MockStorage> {
    /// cw-multi-test's application.
    pub app: App<BankKeeper, MockApiBech32, S>,
}

impl Default for Chain {
    fn default() -> Self {
        Self::with_storage(MockStorage::default())
    }
}

/// The code of a contract's crate, for `store_code`.
#[macro_export]
macro_rules! code {
    ($krate:ident) => {
        Box::new(
            ::cw_multi_test::ContractWrapper::new(
                $krate::contract::execute,
                $krate::contract::instantiate,
                $krate::contract::query,
            )
            .with_migrate($krate::contract::migrate),
        )
    };
}

impl<S: Storage> Chain<S> {
    /// An empty chain on a storage.
    pub fn with_storage(storage: S) -> Self {
        let builder = AppBuilder::new().with_api(MockApiBech32::new(PREFIX)).with_storage(storage);
        Self { app: builder.build(|_, _, _| {}) }
    }

    /// The block's time in seconds.
    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// Sets the block's time, in seconds.
    pub fn set_time(&mut self, seconds: u64) {
        self.app.update_block(|block| block.time = Timestamp::from_seconds(seconds));
    }

    /// One block later, by `seconds`.
    pub fn pass(&mut self, seconds: u64) {
        self.blocks(1, seconds);
    }

    /// `blocks` later, by `seconds` in all.
    pub fn blocks(&mut self, blocks: u64, seconds: u64) {
        self.app.update_block(|block| {
            block.height = block.height.saturating_add(blocks);
            block.time = block.time.plus_seconds(seconds);
        });
    }

    /// Makes coins out of nothing.
    ///
    /// # Panics
    /// If the bank refuses, as for zero coins.
    pub fn mint(&mut self, to: &Addr, coin: Coin) {
        let mint = BankSudo::Mint { to_address: to.to_string(), amount: vec![coin] };
        self.app.sudo(SudoMsg::Bank(mint)).map(drop).unwrap_or_else(failed);
    }

    /// What an address has of a denom, in base units.
    ///
    /// # Panics
    /// If the bank does not answer.
    pub fn balance_in(&self, of: &Addr, denom: &str) -> u128 {
        self.app.wrap().query_balance(of, denom).unwrap_or_else(failed).amount.u128()
    }

    /// Sets a contract up, with `owner` as its sender and admin.
    ///
    /// # Panics
    /// If it refuses.
    pub fn set_up(&mut self, code: u64, owner: &Addr, msg: &impl Serialize) -> Addr {
        let admin = Some(owner.to_string());
        let made = self.app.instantiate_contract(code, owner.clone(), msg, &[], "contract", admin);
        made.unwrap_or_else(failed)
    }

    /// Sends a message to a contract whose errors are `E`.
    ///
    /// # Errors
    /// The contract's own.
    ///
    /// # Panics
    /// If something else than the contract refused.
    pub fn execute<M, E>(
        &mut self,
        sender: &Addr,
        contract: &Addr,
        msg: &M,
        funds: &[Coin],
    ) -> Result<AppResponse, E>
    where
        M: Serialize + std::fmt::Debug,
        E: std::error::Error + Send + Sync + 'static,
    {
        let sent = self.app.execute_contract(sender.clone(), contract.clone(), msg, funds);
        sent.map_err(|error| error.downcast().unwrap_or_else(failed))
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// What it answers with.
    pub fn query<T: DeserializeOwned>(
        &self,
        contract: &Addr,
        msg: &impl Serialize,
    ) -> StdResult<T> {
        self.app.wrap().query_wasm_smart(contract, msg)
    }
}

#[allow(clippy::panic)]
fn failed<T>(error: impl std::fmt::Display) -> T {
    panic!("{error:#}")
}
