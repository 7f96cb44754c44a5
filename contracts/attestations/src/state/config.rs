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
}

impl souk_contract_std::Config for Config {
    const NAME: &'static str = names::ATTESTATIONS;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const EVENTS: &'static str = AttestationEvent::PREFIX;
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
