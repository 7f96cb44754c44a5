//! Host names, each of which belongs to the first lease that claimed it.

use rusqlite::{Connection, OptionalExtension, params};
use souk_core::OrderId;

use super::{StoreError, Tx, sql};

/// A host name that another lease has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "host name `{host}` belongs to lease {holder} on this provider; choose another or end that lease"
)]
pub struct HostnameTaken {
    /// The name.
    pub host: String,
    /// The lease that has it.
    pub holder: OrderId,
}

/// The lease that has a host name. Names are compared in lower case, without a trailing dot.
///
/// # Errors
///
/// If the store fails.
pub fn holder(sql: &Connection, host: &str) -> Result<Option<OrderId>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT order_id FROM hostnames WHERE host = ?1")?;
    let read = |row: &rusqlite::Row<'_>| sql::uint(row, "order_id").map(OrderId);
    Ok(statement.query_row([normalize(host)], read).optional()?)
}

/// The host names of a lease.
///
/// # Errors
///
/// If the store fails.
pub fn of(sql: &Connection, order: OrderId) -> Result<Vec<String>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT host FROM hostnames WHERE order_id = ?1 ORDER BY host")?;
    let rows = statement.query_map([sql::int(order.0)?], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Claims a host name; the inner error names the lease that has it.
///
/// # Errors
///
/// If the store fails.
pub fn claim(
    tx: &Tx<'_>,
    host: &str,
    order: OrderId,
) -> Result<Result<(), HostnameTaken>, StoreError> {
    if let Err(taken) = check(tx, host, order)? {
        return Ok(Err(taken));
    }
    let added = tx
        .prepare_cached("INSERT OR IGNORE INTO hostnames (host, order_id) VALUES (?1, ?2)")?
        .execute(params![normalize(host), sql::int(order.0)?])?;
    if added > 0 {
        tx.lease_changed(order);
    }
    Ok(Ok(()))
}

/// Whether a lease can claim a host name; the inner error names the lease that has it.
///
/// # Errors
///
/// If the store fails.
pub fn check(
    sql: &Connection,
    host: &str,
    order: OrderId,
) -> Result<Result<(), HostnameTaken>, StoreError> {
    let holder = holder(sql, host)?.filter(|holder| *holder != order);
    Ok(holder.map_or(Ok(()), |holder| Err(HostnameTaken { host: normalize(host), holder })))
}

/// Releases one host name of a lease.
///
/// # Errors
///
/// If the store fails.
pub fn release_one(tx: &Tx<'_>, host: &str, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM hostnames WHERE host = ?1 AND order_id = ?2")?
        .execute(params![normalize(host), sql::int(order.0)?])?;
    tx.lease_changed(order);
    Ok(())
}

/// Releases all host names of a lease.
///
/// # Errors
///
/// If the store fails.
pub fn release(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM hostnames WHERE order_id = ?1")?
        .execute([sql::int(order.0)?])?;
    tx.lease_changed(order);
    Ok(())
}

fn normalize(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}
