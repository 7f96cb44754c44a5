//! What a round decides by: the store at one moment, and the cluster.

use crate::{
    model::{
        Bid, Cursor, Lease, Order,
        kept::Kept,
        placement::{ClusterSnapshot, Reservation},
    },
    store::{StoreError, bids, cursor, kept_volumes, leases, orders, reservations},
};

/// The store at one moment.
pub(super) struct Snapshot {
    pub at: Cursor,
    pub orders: Vec<Order>,
    pub leases: Vec<Lease>,
    pub bids: Vec<Bid>,
    pub reservations: Vec<Reservation>,
    pub kept: Vec<Kept>,
}

/// Takes a snapshot; none before the first block.
pub(super) fn take(sql: &rusqlite::Connection) -> Result<Option<Snapshot>, StoreError> {
    let Some(at) = cursor::get(sql)? else { return Ok(None) };
    Ok(Some(Snapshot {
        at,
        orders: orders::open(sql)?,
        leases: leases::active(sql)?,
        bids: bids::all(sql)?,
        reservations: reservations::all(sql)?,
        kept: kept_volumes::all(sql)?,
    }))
}

impl Snapshot {
    /// The own bid on an order.
    pub fn bid_on(&self, order: &Order) -> Option<&Bid> {
        self.bids.iter().find(|bid| bid.order == order.id)
    }
}

/// The cluster at the beginning of the round, or why it cannot be seen.
pub(super) type ClusterState = Result<ClusterSnapshot, String>;
