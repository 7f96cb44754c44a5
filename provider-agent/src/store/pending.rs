//! Details that events do not carry and that are still to be fetched. A row stays until the details
//! are in the store, so a failed query drops nothing.

use std::{fmt, str::FromStr};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{StoreError, Topic, Tx, sql};

/// What is to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pending {
    /// An order's group, by order.
    Order,
    /// A deployment's commitment, by deployment.
    Deployment,
    /// An account's clock, by account.
    Account,
    /// Whether a lease that is said to have ended did, by order.
    LeaseEnd,
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Order => "order",
            Self::Deployment => "deployment",
            Self::Account => "account",
            Self::LeaseEnd => "lease_end",
        })
    }
}

impl FromStr for Pending {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "order" => Ok(Self::Order),
            "deployment" => Ok(Self::Deployment),
            "account" => Ok(Self::Account),
            "lease_end" => Ok(Self::LeaseEnd),
            other => Err(format!("`{other}` cannot be pending")),
        }
    }
}

/// Something to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    /// What it is.
    pub kind: Pending,
    /// Its number.
    pub id: u64,
    /// The block whose state the answer must have, or a later one.
    pub height: u64,
    /// How many fetches failed.
    pub attempts: u32,
    /// The last error.
    pub last_error: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<PendingRow> {
    Ok(PendingRow {
        kind: sql::text(row, "kind")?,
        id: sql::uint(row, "id")?,
        height: sql::uint(row, "height")?,
        attempts: sql::uint32(row, "attempts")?,
        last_error: row.get("last_error")?,
    })
}

/// All pending fetches, those with the fewest attempts first.
///
/// # Errors
///
/// If the store fails.
pub fn list(sql: &Connection, limit: u32) -> Result<Vec<PendingRow>, StoreError> {
    let all = [Pending::Order, Pending::Deployment, Pending::Account, Pending::LeaseEnd];
    of_kinds(sql, &all, limit)
}

fn of_kinds(
    sql: &Connection,
    kinds: &[Pending],
    limit: u32,
) -> Result<Vec<PendingRow>, StoreError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    let query = format!(
        "SELECT kind, id, height, attempts, last_error FROM pending
         WHERE kind IN ({}) ORDER BY attempts, id LIMIT ?1",
        kinds.join(", ")
    );
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What is to be fetched of these kinds, those with the fewest failures first.
///
/// # Errors
///
/// If the store fails.
pub fn keys(
    sql: &Connection,
    kinds: &[Pending],
    limit: u32,
) -> Result<Vec<(Pending, u64)>, StoreError> {
    let rows = of_kinds(sql, kinds, limit)?;
    Ok(rows.into_iter().map(|row| (row.kind, row.id)).collect())
}

/// One fetch, if it is still to be done.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, kind: Pending, id: u64) -> Result<Option<PendingRow>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT kind, id, height, attempts, last_error FROM pending WHERE kind = ?1 AND id = ?2",
    )?;
    Ok(statement.query_row(params![kind.to_string(), sql::int(id)?], read).optional()?)
}

/// Adds a fetch from the state after block `height` or a later one. One that is there is for the later
/// height of the two.
///
/// # Errors
///
/// If the store fails.
pub fn add(tx: &Tx<'_>, kind: Pending, id: u64, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO pending (kind, id, height) VALUES (?1, ?2, ?3)
         ON CONFLICT (kind, id) DO UPDATE SET height = max(height, excluded.height)",
    )?
    .execute(params![kind.to_string(), sql::int(id)?, sql::int(height)?])?;
    tx.touch(Topic::Pending);
    Ok(())
}

/// Whether it is still to be fetched.
///
/// # Errors
///
/// If the store fails.
pub fn has(sql: &Connection, kind: Pending, id: u64) -> Result<bool, StoreError> {
    let mut statement = sql.prepare_cached("SELECT 1 FROM pending WHERE kind = ?1 AND id = ?2")?;
    Ok(statement.exists(params![kind.to_string(), sql::int(id)?])?)
}

/// Records a failed fetch.
///
/// # Errors
///
/// If the store fails.
pub fn failed(tx: &Tx<'_>, kind: Pending, id: u64, why: &str) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE pending SET attempts = attempts + 1, last_error = ?3 WHERE kind = ?1 AND id = ?2",
    )?
    .execute(params![kind.to_string(), sql::int(id)?, why])?;
    Ok(())
}

/// Removes a fetch that was answered from the state after block `height`, unless it is for a later one
/// by now.
///
/// # Errors
///
/// If the store fails.
pub fn done_at(tx: &Tx<'_>, kind: Pending, id: u64, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM pending WHERE kind = ?1 AND id = ?2 AND height <= ?3")?
        .execute(params![kind.to_string(), sql::int(id)?, sql::int(height)?])?;
    tx.touch(Topic::Pending);
    Ok(())
}

/// Removes a fetch that is done or not needed any more.
///
/// # Errors
///
/// If the store fails.
pub fn done(tx: &Tx<'_>, kind: Pending, id: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM pending WHERE kind = ?1 AND id = ?2")?
        .execute(params![kind.to_string(), sql::int(id)?])?;
    Ok(())
}
