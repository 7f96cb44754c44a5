//! What the owner decided.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::{escrow::EscrowEvent, published::names};
use souk_core::Denom;

use crate::ContractError;

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
    /// Controllers and tokens that were delisted; their places in the lists stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delisted: Vec<Addr>,
    /// Whether new business is stopped.
    pub paused: bool,
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub pause_ends: u64,
}

impl Config {
    /// Refuses to open an account by a controller, or in a token, that was delisted.
    ///
    /// # Errors
    /// If one of them was.
    pub fn must_be_listed(&self, controller: &Addr, denom: &Denom) -> Result<(), ContractError> {
        let is_meant = |entry: &&Addr| match denom {
            Denom::Cw20(token) if entry.as_str() == token => true,
            _ => *entry == controller,
        };
        match self.delisted.iter().find(is_meant) {
            Some(entry) => Err(ContractError::Delisted(entry.clone())),
            None => Ok(()),
        }
    }
}

souk_contract_std::config!(Config { name: names::ESCROW, events: EscrowEvent, key: "c" });
