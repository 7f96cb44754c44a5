//! What a round starts from, and what it publishes.

use souk_chain::Outbox;

use crate::{
    market::outbox::heartbeat_key,
    model::{Cursor, heartbeat::Seen, presence::There},
    store::{StoreError, copies, cursor, leases, seen},
};

/// The state, for bidding, the health check and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeartbeatState {
    /// When the chain last saw the provider, block time; none before that is known.
    pub seen_at: Option<u64>,
    /// Heartbeats since the start.
    pub sent: u64,
    /// How many the operator's balance pays for; none before that is known, or where they cost nothing.
    pub affordable: Option<u64>,
    /// Why that is too little, if it is.
    pub short: Option<String>,
    /// By what it is decided whether the gateway says that the provider is there.
    pub there: There,
}

/// What the store has.
pub(super) struct Stored {
    /// The last block.
    pub at: Cursor,
    pub seen: Seen,
    /// The shortest limit of the leases that run, in seconds.
    pub limit: Option<u64>,
    /// Leases that are paid and have a manifest.
    pub served: u64,
    /// Whether the last heartbeat is not in a block yet.
    pub in_flight: bool,
}

impl Stored {
    /// Reads it; none before the first block, and none of a store that was put back before the chain was read.
    pub fn read(sql: &rusqlite::Connection) -> Result<Option<Self>, StoreError> {
        let Some(at) = cursor::get(sql)? else { return Ok(None) };
        if copies::restored_at(sql)?.is_some() {
            return Ok(None);
        }
        let seen = seen::get(sql)?;
        let last = seen.beat.map(|beat| Outbox::outcome(sql, &heartbeat_key(beat)));
        let last = last.transpose()?.flatten();
        Ok(Some(Self {
            at,
            seen,
            limit: leases::shortest_limit(sql)?,
            served: leases::count_served(sql, at.time)?,
            in_flight: last.is_some_and(|last| !last.state.is_final()),
        }))
    }
}
