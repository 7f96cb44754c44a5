//! Own bids, from the decision to the release of their slot.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::{
    CloseReason, OrderId, Price,
    slot::{Ended, held_until},
};

use super::{StoreError, Topic, Tx, sql};
use crate::model::{Bid, BidProgress};

const COLUMNS: &str = "order_id, owner, price, progress, decided_height, attempt, why";

fn read(row: &Row<'_>) -> rusqlite::Result<Bid> {
    Ok(Bid {
        order: OrderId(sql::uint(row, "order_id")?),
        tenant: row.get("owner")?,
        price: sql::text(row, "price")?,
        progress: sql::text(row, "progress")?,
        decided_height: sql::uint(row, "decided_height")?,
        attempt: sql::uint32(row, "attempt")?,
        why: row.get("why")?,
    })
}

/// The bid on an order.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<Bid>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM bids WHERE order_id = ?1");
    let mut statement = sql.prepare_cached(&query)?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// All bids, by order. A bid stays until its slot is released.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<Bid>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM bids ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many there are of each progress.
///
/// # Errors
///
/// If the store fails.
pub fn count(sql: &Connection) -> Result<Vec<(BidProgress, u64)>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT progress, count(*) AS number FROM bids GROUP BY progress")?;
    let rows = statement
        .query_map([], |row| Ok((sql::text(row, "progress")?, sql::uint(row, "number")?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The bids whose release is in the outbox.
///
/// # Errors
///
/// If the store fails.
pub fn releasing(sql: &Connection) -> Result<Vec<Bid>, StoreError> {
    let query =
        format!("SELECT {COLUMNS} FROM bids WHERE progress = 'releasing' ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a release is in the outbox.
///
/// # Errors
///
/// If the store fails.
pub fn any_releasing(sql: &Connection) -> Result<bool, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT 1 FROM bids WHERE progress = 'releasing' LIMIT 1")?;
    Ok(statement.exists([])?)
}

/// A bid that can become no lease any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverBid {
    /// The order.
    pub order: OrderId,
    /// The height of the decision, or at which it was lost.
    pub decided_height: u64,
}

/// The bids whose slots can be released at `now`, block time: lost ones, open ones on orders past their
/// last second, of which no event says so, and those that became leases, ended and have let go of the slot
/// ([`held_until`]; `slot_hold` in seconds).
///
/// # Errors
///
/// If the store fails.
pub fn over(sql: &Connection, now: u64, slot_hold: u64) -> Result<Vec<OverBid>, StoreError> {
    // Leases that ended are few, and found by the index of states: by `!=` all leases would be read.
    let mut statement = sql.prepare_cached(
        "SELECT order_id, decided_height, NULL AS created_at, NULL AS closed_at, NULL AS reason,
                NULL AS without_breach
             FROM bids WHERE progress = 'lost'
         UNION SELECT b.order_id, b.decided_height, NULL, NULL, NULL, NULL
             FROM bids b JOIN orders o ON o.id = b.order_id
             WHERE b.progress = 'open' AND o.closes_at IS NULL AND o.expires_at < ?1
         UNION SELECT b.order_id, b.decided_height, l.created_at, l.closed_at, l.reason,
                ifnull(r.done, 0) OR l.paid_until IS NOT NULL
             FROM leases l CROSS JOIN bids b USING (order_id)
             LEFT JOIN reclaims r ON r.lease = b.order_id
             WHERE (l.state < 'active' OR l.state > 'active') AND b.progress = 'won'
         ORDER BY order_id",
    )?;
    let read = |row: &Row<'_>| {
        let bid = OverBid {
            order: OrderId(sql::uint(row, "order_id")?),
            decided_height: sql::uint(row, "decided_height")?,
        };
        let created_at = sql::opt_uint(row, "created_at")?;
        let closed_at = sql::opt_uint(row, "closed_at")?;
        let reason = sql::opt_parsed(row, "reason", CloseReason::from_stored)?;
        // By the provider's notice, or since it was absent.
        let without_breach: Option<bool> = row.get("without_breach")?;
        let held = created_at.zip(closed_at).map(|(created_at, at)| {
            // Of one whose reason is not known the longest hold is expected.
            let reason = reason.unwrap_or(CloseReason::Unspecified);
            let without_breach = without_breach.unwrap_or(false);
            let ended = Ended { at, reason, without_breach };
            held_until(created_at, ended, slot_hold)
        });
        Ok((bid, held))
    };
    let rows = statement.query_map([sql::int(now)?], read)?;
    let free = |found: &rusqlite::Result<(OverBid, Option<u64>)>| {
        found.as_ref().map_or(true, |(_, held)| held.is_none_or(|held| now >= held))
    };
    Ok(rows.filter(free).map(|found| Ok(found?.0)).collect::<rusqlite::Result<_>>()?)
}

/// Open bids whose tenants choose, on orders whose lifetime is not over at `now`, each with the time at which
/// it was placed; block time. They can be taken back.
///
/// # Errors
///
/// If the store fails.
pub fn waiting(sql: &Connection, now: u64) -> Result<Vec<(OrderId, u64)>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT order_id, placed_at FROM bids JOIN orders ON orders.id = bids.order_id
         WHERE progress = 'open' AND open = 1 AND closes_at IS NULL AND expires_at >= ?1
             AND placed_at IS NOT NULL ORDER BY order_id",
    )?;
    let rows = statement.query_map([sql::int(now)?], |row| {
        Ok((OrderId(sql::uint(row, "order_id")?), sql::uint(row, "placed_at")?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Sets when a bid was placed, block time.
///
/// # Errors
///
/// If the store fails.
pub fn set_placed(tx: &Tx<'_>, order: OrderId, time: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET placed_at = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(time)?])?;
    Ok(())
}

/// Sets when a bid was placed, block time, if that is not known.
///
/// # Errors
///
/// If the store fails.
pub fn set_placed_by(tx: &Tx<'_>, order: OrderId, time: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET placed_at = coalesce(placed_at, ?2) WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(time)?])?;
    Ok(())
}

/// Inserts or updates a bid; when it was placed stays.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &Bid) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO bids (order_id, owner, price, progress, decided_height, attempt, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (order_id) DO UPDATE SET owner = excluded.owner, price = excluded.price,
             progress = excluded.progress, decided_height = excluded.decided_height,
             attempt = excluded.attempt, why = excluded.why",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        row.tenant,
        row.price.to_string(),
        row.progress.as_str(),
        sql::int(row.decided_height)?,
        row.attempt,
        row.why,
    ])?;
    tx.order_changed(row.order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Sets the progress of a bid, if there is one.
///
/// # Errors
///
/// If the store fails.
pub fn set_progress(
    tx: &Tx<'_>,
    order: OrderId,
    progress: BidProgress,
    why: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET progress = ?2, why = ?3 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, progress.as_str(), why])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Marks a bid as lost; its slot is still held.
///
/// # Errors
///
/// If the store fails.
pub fn lose(tx: &Tx<'_>, order: OrderId, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE bids SET progress = 'lost', why = NULL, decided_height = ?2 WHERE order_id = ?1",
    )?
    .execute(params![sql::int(order.0)?, sql::int(height)?])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// A number of attempts after which there are no more.
pub const NO_MORE: u32 = 1_000;

/// Marks a bid as refused by the chain; `attempts` is how many were refused so far.
///
/// # Errors
///
/// If the store fails.
pub fn refuse(tx: &Tx<'_>, order: OrderId, attempts: u32, why: &str) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE bids SET progress = 'refused', attempt = ?2, why = ?3 WHERE order_id = ?1",
    )?
    .execute(params![sql::int(order.0)?, attempts, why])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Sets the price that the chain has now.
///
/// # Errors
///
/// If the store fails.
pub fn set_price(tx: &Tx<'_>, order: OrderId, price: Price) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET price = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, price.to_string()])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Deletes a bid whose slot is released.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM bids WHERE order_id = ?1")?.execute([sql::int(order.0)?])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}
