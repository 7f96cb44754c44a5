//! The configuration.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize, Serialize},
};
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Item;
use souk_api::orderbook::Params;

use crate::auction::Pause;

const CONFIG: Item<Config> = Item::new("c");

/// Everything but the denoms.
#[cw_serde]
pub struct Config {
    /// May stop new business.
    pub guardian: Addr,
    /// The escrow.
    pub escrow: Addr,
    /// The provider registry.
    pub registry: Addr,
    /// The attestations.
    pub attestations: Addr,
    /// Times and counts.
    #[serde(with = "StoredParams")]
    #[schemars(with = "Params")]
    pub params: Params,
    /// Whether new business is stopped.
    pub paused: bool,
    /// When it was last stopped, as [`Pause`] counts; 0 if never.
    #[serde(default)]
    pub paused_at: u64,
    /// When it was last allowed again; 0 if it was never stopped.
    pub unpaused_at: u64,
}

/// [`Params`] as they are stored: two fields have an older name there.
#[derive(Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde", remote = "Params", deny_unknown_fields)]
struct StoredParams {
    order_lifetime: u64,
    min_auction: u64,
    max_auction: u64,
    min_auction_blocks: u64,
    #[serde(rename = "reap_grace")]
    end_grace: u64,
    #[serde(rename = "reap_blocks")]
    end_blocks: u64,
    slot_hold: u64,
}

impl Config {
    /// The last pause.
    pub fn last_pause(&self) -> Pause {
        Pause { from: self.paused_at, until: self.unpaused_at }
    }
}

/// The configuration.
pub fn load(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Saves it.
pub fn save(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}
