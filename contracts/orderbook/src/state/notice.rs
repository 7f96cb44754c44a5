//! A reclaim that a lease's provider announced, as it is stored with the lease.

use cosmwasm_schema::cw_serde;
use souk_api::orderbook::{NOTICE_LAPSE, ReclaimResponse};
use souk_core::CloseReason;

use super::config::Config;
use crate::rules::deadline::Deadline;

/// A provider's announcement that it takes its lease back.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Notice {
    /// Why; one of a provider's reasons.
    #[serde(rename = "r")]
    pub reason: CloseReason,
    /// When it was announced.
    #[serde(rename = "t")]
    pub started_at: u64,
    /// The first second in which the lease can be ended by it, but for pauses since it was announced.
    #[serde(rename = "d")]
    pub deadline: u64,
    /// The first such block.
    #[serde(rename = "b")]
    pub deadline_block: u64,
    /// For how many seconds the market had been paused when it was announced.
    #[serde(rename = "s", default, skip_serializing_if = "souk_core::time::is_zero")]
    pub paused_seconds: u64,
    /// Whether the lease ended by it.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

impl Notice {
    /// When it is over, as far as it is known at `now`. The time of a pause does not count: its tenant can take
    /// no other provider meanwhile. Its blocks do, so that what was over before a pause stays over.
    pub fn deadline(&self, config: &Config, now: u64) -> Deadline {
        self.later_by(config.paused_seconds(now))
    }

    /// Whether it came to nothing: nobody ended the lease by it in time. A provider that could wait with that for as
    /// long as it likes would have given no notice of its end.
    pub fn is_lapsed(&self, config: &Config, now: u64, height: u64) -> bool {
        let Deadline { time, block } = self.deadline(config, now);
        Deadline::after(NOTICE_LAPSE, config.params.slowest_block, time, block).is_over(now, height)
    }

    /// Whether the lease can be ended by it.
    pub fn ends_lease(&self, config: &Config, now: u64, height: u64) -> bool {
        self.deadline(config, now).is_over(now, height) && !self.is_lapsed(config, now, height)
    }

    /// As queries show it, of a lease that runs or not: with the pauses that are over, since nobody knows how
    /// long another lasts; in one that ended as it was announced.
    pub fn describe(&self, runs: bool, config: &Config, now: u64, height: u64) -> ReclaimResponse {
        let paused = if runs { config.paused_seconds_of_ended(now) } else { self.paused_seconds };
        let Deadline { time: deadline, block: deadline_block } = self.later_by(paused);
        let Self { reason, started_at, ended, .. } = *self;
        let lapsed = runs && self.is_lapsed(config, now, height);
        ReclaimResponse { reason, started_at, deadline, deadline_block, ended, lapsed }
    }

    /// Its end, where `paused` is for how many seconds the market was paused in all.
    fn later_by(&self, paused: u64) -> Deadline {
        let since = paused.saturating_sub(self.paused_seconds);
        Deadline { time: self.deadline.saturating_add(since), block: self.deadline_block }
    }
}
