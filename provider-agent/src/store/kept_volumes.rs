//! Volumes of leases that ended and are kept for a time. A row stays until their namespace is gone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::OrderId;

use super::{StoreError, Topic, Tx, sql};
use crate::model::kept::{Kept, KeptVolume, beyond_shares};

/// [`Kept::since`] of a row that was made by an order to delete, before an end was confirmed.
pub const UNCONFIRMED: u64 = 0;

fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        order: OrderId(sql::uint(row, "order_id")?),
        since: sql::uint(row, "since")?,
        until: sql::uint(row, "until")?,
        ran: sql::uint(row, "ran")?,
        volumes: sql::json(row, "volumes")?,
    })
}

/// The kept volumes of a lease.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<Kept>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT * FROM kept_volumes WHERE order_id = ?1")?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// The kept volumes of all leases, by number; those that are being deleted too.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<Kept>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT * FROM kept_volumes ORDER BY order_id")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps the volumes of a lease. What is kept beyond `shares`, the bytes that may be kept of a class, goes
/// at once. Returns the row as it is then; one that is there already stays.
///
/// # Errors
///
/// If the store fails.
pub fn keep(tx: &Tx<'_>, row: &Kept, shares: &BTreeMap<String, u64>) -> Result<Kept, StoreError> {
    insert(tx, row)?;
    for order in beyond_shares(&all(tx)?, shares, row.since) {
        tracing::info!(lease = %order, "volumes of the lease go: more is kept than the share allows");
        keep_until(tx, order, row.since)?;
    }
    Ok(get(tx, row.order)?.unwrap_or_else(|| row.clone()))
}

/// Orders the deletion of a lease's volumes, also if they are not kept yet.
///
/// # Errors
///
/// If the store fails.
pub fn order_deletion(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    insert(tx, &Kept { order, since: UNCONFIRMED, until: 0, ran: 0, volumes: Vec::new() })?;
    keep_until(tx, order, 0)
}

/// Writes what was found of the volumes of a lease whose deletion is ordered, so that they count until they
/// are gone. Its end is confirmed.
///
/// # Errors
///
/// If the store fails.
pub fn confirm(
    tx: &Tx<'_>,
    order: OrderId,
    since: u64,
    volumes: &[KeptVolume],
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE kept_volumes SET since = ?2, volumes = ?3 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(since)?, sql::to_json(&volumes)?])?;
    tx.lease_changed(order);
    tx.touch(Topic::Capacity);
    Ok(())
}

/// Shortens the time for which the volumes of a lease are kept, or prolongs it.
///
/// # Errors
///
/// If the store fails.
pub fn keep_until(tx: &Tx<'_>, order: OrderId, until: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE kept_volumes SET until = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(until)?])?;
    tx.lease_changed(order);
    Ok(())
}

fn insert(tx: &Tx<'_>, row: &Kept) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO kept_volumes (order_id, since, until, ran, volumes)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (order_id) DO NOTHING",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        sql::int(row.since)?,
        sql::int(row.until)?,
        sql::int(row.ran)?,
        sql::to_json(&row.volumes)?,
    ])?;
    tx.lease_changed(row.order);
    tx.touch(Topic::Capacity);
    Ok(())
}

/// Forgets the kept volumes of a lease: they are gone, or the lease runs.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    let known = tx
        .prepare_cached("DELETE FROM kept_volumes WHERE order_id = ?1")?
        .execute([sql::int(order.0)?])?;
    if known > 0 {
        tx.lease_changed(order);
        tx.touch(Topic::Capacity);
    }
    Ok(())
}
