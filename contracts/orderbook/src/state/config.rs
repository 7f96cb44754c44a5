//! The configuration.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize, Serialize},
};
use cosmwasm_std::Addr;
use souk_api::{
    defaults::MANIFEST_TIMEOUT,
    orderbook::{OrderbookEvent, Params},
    published::names,
};

use crate::rules::auction::Pause;

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

/// [`Params`] as they are stored: two fields have an older name there, and what is younger than the
/// first release has a default.
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
    #[serde(default = "manifest_timeout")]
    manifest_timeout: u64,
}

/// What holds until the owner sets it, in markets of the first release.
fn manifest_timeout() -> u64 {
    MANIFEST_TIMEOUT
}

impl Config {
    /// Keeps when a pause begins or ends: auctions stay open for a while after it.
    fn note_pause(&mut self, paused: bool, now: u64) {
        if paused {
            self.paused_at = self.last_pause().begin(now).from;
        } else {
            self.unpaused_at = now;
        }
    }

    /// The last pause.
    pub fn last_pause(&self) -> Pause {
        Pause { from: self.paused_at, until: self.unpaused_at }
    }
}

souk_contract_std::config!(Config {
    name: names::ORDERBOOK,
    events: OrderbookEvent,
    key: "c",
    before_pause: Config::note_pause
});
