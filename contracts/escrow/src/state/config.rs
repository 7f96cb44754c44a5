//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{escrow::EscrowEvent, published::names};

/// The configuration.
#[cw_serde]
pub struct Config {
    /// May stop new business.
    pub guardian: Addr,
    /// Where fees go.
    pub fee_collector: Addr,
    /// Least runway in seconds.
    pub min_runway: u64,
    /// Contracts that may open accounts; their place is their index.
    pub controllers: Vec<Addr>,
    /// cw20 contracts whose tokens are taken.
    pub cw20_tokens: Vec<Addr>,
    /// Whether new business is stopped.
    pub paused: bool,
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_contract_std::pause::is_endless")]
    pub pause_ends: u64,
}

souk_contract_std::config!(Config { name: names::ESCROW, events: EscrowEvent, key: "c" });
