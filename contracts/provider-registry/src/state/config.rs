//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{published::names, registry::RegistryEvent};
use souk_core::Amount;

/// The configuration.
#[cw_serde]
pub struct Config {
    /// May stop registrations.
    pub guardian: Addr,
    /// The native denom of bonds.
    pub bond_denom: String,
    /// Least bond of a provider.
    pub min_bond: Amount,
    /// Seconds of unbonding.
    pub unbonding_period: u64,
    /// Bond for each slot, never zero.
    pub bond_per_slot: Amount,
    /// The orderbook, once set.
    pub orderbook: Option<Addr>,
    /// Accounts that may slash.
    pub slashers: Vec<Addr>,
    /// Whether registrations are stopped.
    pub paused: bool,
}

impl souk_contract_std::Config for Config {
    const NAME: &'static str = names::PROVIDER_REGISTRY;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const EVENTS: &'static str = RegistryEvent::PREFIX;
    const KEY: &'static str = "config";

    fn guardian(&self) -> &Addr {
        &self.guardian
    }

    fn is_paused(&self) -> bool {
        self.paused
    }

    fn set_paused(&mut self, paused: bool, _now: u64) {
        self.paused = paused;
    }
}
