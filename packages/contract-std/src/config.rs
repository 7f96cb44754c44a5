//! A contract's configuration: one record, read with every message.

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Item;

use crate::pause::{Moment, Pause};

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

    /// The last pause, as it is stored.
    fn pause(&self) -> Pause;

    /// Keeps another one; `at` is when it began or ended.
    fn set_pause(&mut self, pause: Pause, at: Moment);

    /// Whether new business is stopped at `now`, the block's time in seconds.
    fn is_paused(&self, now: u64) -> bool {
        self.pause().is_on(now)
    }
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

/// Implements [`Config`] for a configuration with the fields `guardian`, `paused` and `pause_ends`.
///
/// ```ignore
/// souk_contract_std::config!(Config { name: names::ESCROW, events: EscrowEvent, key: "c" });
/// ```
///
/// Before a pause begins or ends, `before_pause` is called, if one is given, with the configuration,
/// whether it will be paused, and the moment at which that begins or ended.
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

            fn pause(&self) -> $crate::pause::Pause {
                $crate::pause::Pause { on: self.paused, ends_at: self.pause_ends }
            }

            fn set_pause(&mut self, pause: $crate::pause::Pause, _at: $crate::pause::Moment) {
                $(
                    if pause.on != self.paused {
                        $before(self, pause.on, _at);
                    }
                )?
                self.paused = pause.on;
                self.pause_ends = pause.ends_at;
            }
        }
    };
}
