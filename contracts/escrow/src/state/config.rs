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
}

impl souk_contract_std::Config for Config {
    const NAME: &'static str = names::ESCROW;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const EVENTS: &'static str = EscrowEvent::PREFIX;
    const KEY: &'static str = "c";

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
