//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{
    defaults,
    published::names,
    registry::{RegistryEvent, Slashing},
};
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
    /// How much they may take, how often and with which notice.
    #[serde(default = "slashing")]
    pub slashing: Slashing,
    /// Who gets what is slashed; none in registries of the first release, until the owner sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slash_receiver: Option<Addr>,
    /// Seconds until a provider's new gateway or price floors hold.
    #[serde(default = "change_delay")]
    pub change_delay: u64,
    /// Whether registrations are stopped.
    pub paused: bool,
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub pause_ends: u64,
}

/// What holds in registries of the first release until the owner sets it.
fn slashing() -> Slashing {
    defaults::SLASHING
}

/// As [`slashing`].
fn change_delay() -> u64 {
    defaults::CHANGE_DELAY
}

souk_contract_std::config!(Config {
    name: names::PROVIDER_REGISTRY,
    events: RegistryEvent,
    key: "config"
});
