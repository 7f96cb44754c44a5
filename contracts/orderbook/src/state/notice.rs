//! A reclaim that a lease's provider announced, as it is stored with the lease.

use cosmwasm_schema::cw_serde;
use souk_api::orderbook::ReclaimResponse;
use souk_core::{CloseReason, time::DAY};

use crate::rules::deadline::{Deadline, least_blocks};

/// For how long after its deadline a lease can be ended by it, in seconds. A provider that could wait with that
/// for as long as it likes would have given no notice of its end.
const LAPSE: u64 = DAY;

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
    /// The first second in which the lease can be ended by it.
    #[serde(rename = "d")]
    pub time: u64,
    /// The first such block.
    #[serde(rename = "b")]
    pub block: u64,
    /// Whether the lease ended by it.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

impl Notice {
    /// When it is over.
    pub fn deadline(&self) -> Deadline {
        Deadline { time: self.time, block: self.block }
    }

    /// Whether it came to nothing: nobody ended the lease by it in time.
    pub fn is_lapsed(&self, slowest_block: u64, now: u64, height: u64) -> bool {
        let time = self.time.saturating_add(LAPSE);
        let block = self.block.saturating_add(least_blocks(LAPSE, slowest_block));
        Deadline { time, block }.is_over(now, height)
    }

    /// Whether the lease can be ended by it.
    pub fn ends_lease(&self, slowest_block: u64, now: u64, height: u64) -> bool {
        self.deadline().is_over(now, height) && !self.is_lapsed(slowest_block, now, height)
    }

    /// As queries show it.
    pub fn describe(&self) -> ReclaimResponse {
        let Self { reason, started_at, time: deadline, block: deadline_block, ended } = *self;
        ReclaimResponse { reason, started_at, deadline, deadline_block, ended }
    }
}
