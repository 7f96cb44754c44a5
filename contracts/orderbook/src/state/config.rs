//! The configuration.

use cosmwasm_schema::{
    cw_serde,
    serde::{Deserialize, Serialize},
};
use cosmwasm_std::Addr;
use souk_api::{
    orderbook::{
        FIRST_SLOWEST_BLOCK, OrderbookEvent, Params, first_idle_grace, first_manifest_timeout,
        first_slowest_block,
    },
    published::names,
};
use souk_contract_std::pause::Moment;

use super::deployments::Mark;
use crate::rules::{auction::Pause, deadline::Deadline};

/// What was learned of the escrow, which lists its controllers only after this contract exists.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Link {
    /// This contract's index among its controllers.
    #[serde(rename = "i")]
    pub controller: u16,
    /// Seconds that an account must last at all its rates and reserves after a stream was opened.
    #[serde(rename = "r")]
    pub min_runway: u64,
}

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
    /// When a guardian's pause ends or ended by itself, in seconds.
    #[serde(default, skip_serializing_if = "souk_core::time::is_zero")]
    pub pause_ends: u64,
    /// When it was last stopped, as [`Pause`] counts; 0 if never.
    #[serde(default)]
    pub paused_at: u64,
    /// The block of `paused_at`; 0 if it is not known.
    #[serde(rename = "p", default, skip_serializing_if = "souk_core::time::is_zero")]
    pub paused_block: u64,
    /// When it was last allowed again; 0 if it was never stopped.
    pub unpaused_at: u64,
    /// The block of `unpaused_at`, or that at which a slow chain is at `pause_ends`; 0 if it is not known.
    #[serde(rename = "u", default, skip_serializing_if = "souk_core::time::is_zero")]
    pub unpaused_block: u64,
    /// How many seconds the pauses lasted whose end is recorded, all together.
    #[serde(rename = "s", default, skip_serializing_if = "souk_core::time::is_zero")]
    pub paused_seconds: u64,
    /// What was learned of the escrow; none before the first deployment. Here since it is read with every
    /// message anyway: a record of its own would cost each bid and each close another read.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
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
    // Every message reads the configuration: what says nothing new is not written.
    #[serde(default = "first_slowest_block", skip_serializing_if = "is_first_slowest_block")]
    slowest_block: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first_slowest_block(milliseconds: &u64) -> bool {
    *milliseconds == FIRST_SLOWEST_BLOCK
}

impl Config {
    /// Keeps when a pause begins or ends: auctions stay open for a while after it.
    fn note_pause(&mut self, paused: bool, at: Moment) {
        let Moment { time, block } = at;
        let last = self.last_pause(time);
        if paused {
            let Params { slowest_block, .. } = self.params;
            let pause = last.begin(slowest_block, time, block.unwrap_or_default());
            (self.paused_at, self.paused_block) = (pause.from, pause.from_block);
            (self.unpaused_at, self.unpaused_block) = (pause.until, pause.until_block);
        } else {
            self.paused_seconds = self.paused_seconds(time);
            (self.unpaused_at, self.unpaused_block) = (time, block.unwrap_or(last.until_block));
        }
    }

    /// For how many seconds new business was paused up to `now`, all pauses together. One that goes on with another
    /// counts with the minutes between them.
    pub fn paused_seconds(&self, now: u64) -> u64 {
        if !self.paused {
            return self.paused_seconds;
        }
        let ends = if self.pause_ends > 0 { self.pause_ends.min(now) } else { now };
        let began = self.paused_at.max(self.unpaused_at);
        self.paused_seconds.saturating_add(ends.saturating_sub(began))
    }

    /// The same, of pauses that are over at `now`.
    pub fn paused_seconds_of_ended(&self, now: u64) -> u64 {
        let goes_on = self.paused && (self.pause_ends == 0 || now < self.pause_ends);
        if goes_on { self.paused_seconds } else { self.paused_seconds(now) }
    }

    /// From when on a deployment with this mark can be ended.
    pub fn endable(&self, mark: Mark) -> Deadline {
        let Params { end_grace, idle_grace, end_blocks, slowest_block, .. } = self.params;
        let grace = if mark.depleted_since.is_some() { end_grace } else { idle_grace };
        let Deadline { time, block } = Deadline::after(grace, slowest_block, mark.at, mark.height);
        Deadline { time, block: block.max(mark.height.saturating_add(end_blocks)) }
    }

    /// The last pause as it stands at `now`. One that ended by itself counts as ended at that second, and not
    /// before: while it runs its owner can still end it earlier, and the end that an auction shows only ever
    /// moves away.
    pub fn last_pause(&self, now: u64) -> Pause {
        let (from, from_block) = (self.paused_at, self.paused_block);
        let (mut until, mut until_block) = (self.unpaused_at, self.unpaused_block);
        if self.paused && 0 < self.pause_ends && self.pause_ends <= now {
            until = until.max(self.pause_ends);
            // Nobody noted the block.
            let (lasted, slowest) = (until.saturating_sub(from), self.params.slowest_block);
            until_block = until_block.max(Deadline::after(lasted, slowest, from, from_block).block);
        }
        Pause { from, from_block, until, until_block }
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
        assert_eq!(config.link, None, "it had a record of its own");
        let written: Config = from_json(to_json_string(&config)?)?;
        assert_eq!(written, config);
        let params = Params { slowest_block: 3_000, ..config.params };
        let other = Config { params, ..config };
        assert_eq!(from_json::<Config>(to_json_string(&other)?)?, other);
        Ok(())
    }
}
