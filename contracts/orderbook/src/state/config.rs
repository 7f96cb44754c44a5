//! The configuration.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize, Serialize},
};
use cosmwasm_std::Addr;
use souk_api::{
    orderbook::{OrderbookEvent, Params, first_idle_grace, first_manifest_timeout},
    published::names,
};

use super::deployments::Mark;
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
    #[serde(default = "first_manifest_timeout")]
    manifest_timeout: u64,
    #[serde(default = "first_idle_grace")]
    idle_grace: u64,
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

    /// From which second and which block on a deployment with this mark can be ended.
    pub fn endable(&self, mark: Mark) -> (u64, u64) {
        let Params { end_grace, idle_grace, end_blocks, .. } = self.params;
        let grace = if mark.depleted_since.is_some() { end_grace } else { idle_grace };
        (mark.at.saturating_add(grace), mark.height.saturating_add(end_blocks))
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

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_string};
    use souk_api::defaults;

    use super::*;

    #[test]
    fn a_configuration_of_the_first_release_has_the_defaults_of_what_is_younger() -> StdResult<()> {
        let old = r#"{"guardian":"g","escrow":"e","registry":"r","attestations":"a","params":{"order_lifetime":86400,"min_auction":30,"max_auction":3600,"min_auction_blocks":3,"reap_grace":3600,"reap_blocks":10,"slot_hold":86400},"paused":false,"unpaused_at":0}"#;
        let config: Config = from_json(old)?;
        assert_eq!(config.params, defaults::orderbook_params());
        let written: Config = from_json(to_json_string(&config)?)?;
        assert_eq!(written, config);
        Ok(())
    }
}
