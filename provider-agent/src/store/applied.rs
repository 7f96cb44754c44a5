//! What was applied to the cluster for each lease. It may be behind the cluster, never ahead: a row is
//! written after its objects.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use souk_core::OrderId;

use super::{StoreError, Tx, sql};

/// What was applied for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRow {
    /// The lease.
    pub order: OrderId,
    /// Identifies what was applied; none if not all of it could be.
    pub version: Option<u64>,
    /// Whether its workloads were to run.
    pub running: bool,
    /// The objects.
    pub objects: Vec<AppliedObject>,
}

/// An object as it was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedObject {
    /// Kubernetes' name of its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Identifies what was sent.
    pub content: u64,
    /// Which fields the API server then had as the agent's.
    pub fingerprint: u64,
}

fn read(row: &Row<'_>) -> rusqlite::Result<AppliedRow> {
    let version: Option<String> = row.get("version")?;
    Ok(AppliedRow {
        order: OrderId(sql::uint(row, "order_id")?),
        version: version.and_then(|version| u64::from_str_radix(&version, 16).ok()),
        running: row.get("running")?,
        objects: sql::json(row, "objects")?,
    })
}

/// What was applied for one lease.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<AppliedRow>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT * FROM applied WHERE order_id = ?1")?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// What was applied for all leases.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<AppliedRow>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT * FROM applied")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Inserts or replaces what was applied for a lease.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &AppliedRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO applied (order_id, version, running, objects)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        row.version.map(|version| format!("{version:016x}")),
        row.running,
        sql::to_json(&row.objects)?,
    ])?;
    Ok(())
}

/// Deletes what was applied for a lease.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM applied WHERE order_id = ?1")?.execute([sql::int(order.0)?])?;
    Ok(())
}
