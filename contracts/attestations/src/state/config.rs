//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{attestations::AttestationEvent, published::names};

/// The configuration.
#[cw_serde]
pub struct Config {
    /// May stop new attestations.
    pub guardian: Addr,
    /// Longest lifetime in seconds.
    pub max_lifetime: u64,
    /// Whether new attestations are stopped.
    pub paused: bool,
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub pause_ends: u64,
}

souk_contract_std::config!(Config {
    name: names::ATTESTATIONS,
    events: AttestationEvent,
    key: "config"
});
