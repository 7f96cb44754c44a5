//! A contract's configuration: one record, read with every message.

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Item;

/// What is common to the configurations of all contracts.
pub trait Config: Serialize + DeserializeOwned {
    /// The contract's name for cw2, one of `souk_api::published::names`.
    const NAME: &'static str;
    /// The code's version for cw2.
    const VERSION: &'static str;
    /// What the types of the contract's events begin with, such as `souk_escrow`.
    const EVENTS: &'static str;
    /// The storage key of the record.
    const KEY: &'static str;

    /// Who may pause, besides the owner.
    fn guardian(&self) -> &Addr;

    /// Whether new business is stopped.
    fn is_paused(&self) -> bool;

    /// Stops new business or allows it again; `now` is the block's time in seconds.
    fn set_paused(&mut self, paused: bool, now: u64);
}

/// Reads the configuration.
///
/// # Errors
/// Before the contract is set up, or if the record cannot be read.
pub fn load<C: Config>(storage: &dyn Storage) -> StdResult<C> {
    Item::new(C::KEY).load(storage)
}

/// Saves the configuration.
///
/// # Errors
/// If it cannot be written as JSON, which no configuration of ours causes.
pub fn save<C: Config>(storage: &mut dyn Storage, config: &C) -> StdResult<()> {
    Item::new(C::KEY).save(storage, config)
}

/// Implements [`Config`] for a configuration with the fields `guardian` and `paused`.
///
/// ```ignore
/// souk_contract_std::config!(Config { name: names::ESCROW, events: EscrowEvent, key: "c" });
/// ```
///
/// Before a pause changes, `before_pause` is called with the configuration, whether it will be
/// paused, and the block's time in seconds, if one is given.
#[macro_export]
macro_rules! config {
    ($config:ident {
        name: $name:expr, events: $events:ident, key: $key:literal $(, before_pause: $before:expr)?
    }) => {
        impl $crate::Config for $config {
            const NAME: &'static str = $name;
            const VERSION: &'static str = env!("CARGO_PKG_VERSION");
            const EVENTS: &'static str = $events::PREFIX;
            const KEY: &'static str = $key;

            fn guardian(&self) -> &::cosmwasm_std::Addr {
                &self.guardian
            }

            fn is_paused(&self) -> bool {
                self.paused
            }

            fn set_paused(&mut self, paused: bool, _now: u64) {
                $($before(self, paused, _now);)?
                self.paused = paused;
            }
        }
    };
}
