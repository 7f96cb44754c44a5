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
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_contract_std::pause::is_endless")]
    pub pause_ends: u64,
}

souk_contract_std::config!(Config {
    name: names::PROVIDER_REGISTRY,
    events: RegistryEvent,
    key: "config"
});
