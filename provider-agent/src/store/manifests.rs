//! Accepted manifests. They hold tenants' secrets: their content is never logged.

use std::fmt;

use cosmwasm_std::HexBinary;
use rusqlite::{Connection, OptionalExtension, params};
use souk_core::OrderId;

use super::{StoreError, Topic, Tx, sql};

/// A manifest that was accepted for a lease.
#[derive(Clone, PartialEq, Eq)]
pub struct ManifestRow {
    /// The lease.
    pub order: OrderId,
    /// The whole manifest, in its canonical JSON.
    pub manifest: String,
    /// The salt of the commitment, if there is one.
    pub salt: Option<Vec<u8>>,
    /// The commitment that it was accepted against.
    pub commitment: HexBinary,
    /// Block time at which it was accepted.
    pub accepted_at: u64,
}

impl fmt::Debug for ManifestRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestRow")
            .field("order", &self.order)
            .field("commitment", &self.commitment)
            .field("accepted_at", &self.accepted_at)
            .finish_non_exhaustive()
    }
}

/// The manifest of a lease.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<ManifestRow>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT manifest, salt, commitment, accepted_at FROM manifests WHERE order_id = ?1",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let commitment: String = row.get("commitment")?;
        let commitment = HexBinary::from_hex(&commitment).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into())
        })?;
        Ok(ManifestRow {
            order,
            manifest: row.get("manifest")?,
            salt: row.get("salt")?,
            commitment,
            accepted_at: sql::uint(row, "accepted_at")?,
        })
    };
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// Whether a lease has a manifest.
///
/// # Errors
///
/// If the store fails.
pub fn exists(sql: &Connection, order: OrderId) -> Result<bool, StoreError> {
    let mut statement = sql.prepare_cached("SELECT 1 FROM manifests WHERE order_id = ?1")?;
    Ok(statement.exists([sql::int(order.0)?])?)
}

/// Inserts or replaces a manifest.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &ManifestRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO manifests (order_id, manifest, salt, commitment, accepted_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        row.manifest,
        row.salt,
        row.commitment.to_hex(),
        sql::int(row.accepted_at)?,
    ])?;
    tx.lease_changed(row.order);
    tx.touch(Topic::Manifests);
    Ok(())
}

/// Deletes the manifest of a lease that ended.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM manifests WHERE order_id = ?1")?
        .execute([sql::int(order.0)?])?;
    tx.lease_changed(order);
    tx.touch(Topic::Manifests);
    Ok(())
}
