//! Reserved capacity: from the decision to bid until the bid is lost or the lease is gone.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::OrderId;

use super::{StoreError, Topic, Tx, sql};
use crate::model::placement::{Placement, Reservation};

fn read(row: &Row<'_>) -> rusqlite::Result<Reservation> {
    let mut placements: Vec<Placement> = sql::json(row, "placements")?;
    // All are kept in memory, and most have one.
    placements.shrink_to_fit();
    Ok(Reservation {
        order: OrderId(sql::uint(row, "order_id")?),
        placements,
        ips: sql::uint32(row, "ips")?,
    })
}

/// The reservation of an order.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<Reservation>, StoreError> {
    let mut statement = sql
        .prepare_cached("SELECT order_id, placements, ips FROM reservations WHERE order_id = ?1")?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// All reservations, by order.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<Reservation>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT order_id, placements, ips FROM reservations ORDER BY order_id")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Inserts or replaces a reservation.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &Reservation) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO reservations (order_id, placements, ips) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![sql::int(row.order.0)?, sql::to_json(&row.placements)?, row.ips])?;
    tx.lease_changed(row.order);
    tx.order_changed(row.order);
    Ok(())
}

/// Deletes the reservation of an order and notifies [`Topic::Capacity`].
///
/// # Errors
///
/// If the store fails.
pub fn release(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    let released = tx
        .prepare_cached("DELETE FROM reservations WHERE order_id = ?1")?
        .execute([sql::int(order.0)?])?;
    // A quote that became its lease reserves nothing without it.
    let quotes = tx
        .prepare_cached("DELETE FROM quote_reservations WHERE order_id = ?1")?
        .execute([sql::int(order.0)?])?;
    if quotes > 0 {
        tx.touch(Topic::Quotes);
    }
    if released > 0 || quotes > 0 {
        tx.lease_changed(order);
        tx.order_changed(order);
        tx.touch(Topic::Capacity);
    }
    Ok(())
}

/// As [`release`], unless the order became an active lease.
///
/// # Errors
///
/// If the store fails.
pub fn release_unless_leased(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    let lease = super::leases::get(tx, order)?;
    if lease.is_some_and(|lease| lease.state == souk_api::orderbook::LeaseState::Active) {
        return Ok(());
    }
    release(tx, order)
}
