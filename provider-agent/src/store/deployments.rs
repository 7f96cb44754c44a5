//! Deployments with an open order or an own lease.

use cosmwasm_std::HexBinary;
use rusqlite::{Connection, OptionalExtension, params};
use souk_core::DeploymentId;

use super::{StoreError, Topic, Tx, sql};

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentRow {
    /// Its number.
    pub id: DeploymentId,
    /// Its tenant.
    pub tenant: String,
    /// What its manifest must hash to; 32 bytes.
    pub commitment: HexBinary,
    /// Height of the state that this is from.
    pub height: u64,
}

/// One deployment.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, id: DeploymentId) -> Result<Option<DeploymentRow>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT owner, commitment, height FROM deployments WHERE id = ?1")?;
    let read = |row: &rusqlite::Row<'_>| {
        let commitment: String = row.get("commitment")?;
        let commitment = HexBinary::from_hex(&commitment).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
        })?;
        let height = sql::uint(row, "height")?;
        Ok(DeploymentRow { id, tenant: row.get("owner")?, commitment, height })
    };
    Ok(statement.query_row([sql::int(id.0)?], read).optional()?)
}

/// Inserts or updates a deployment, unless the store has a newer state.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &DeploymentRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO deployments (id, owner, commitment, height) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET commitment = excluded.commitment, height = excluded.height
         WHERE excluded.height >= height",
    )?
    .execute(params![
        sql::int(row.id.0)?,
        row.tenant,
        row.commitment.to_hex(),
        sql::int(row.height)?
    ])?;
    tx.touch(Topic::Leases);
    Ok(())
}

/// Sets the commitment, unless the store has a newer state.
///
/// # Errors
///
/// If the store fails.
pub fn set_commitment(
    tx: &Tx<'_>,
    id: DeploymentId,
    commitment: &HexBinary,
    height: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE deployments SET commitment = ?2, height = ?3 WHERE id = ?1 AND height <= ?3",
    )?
    .execute(params![sql::int(id.0)?, commitment.to_hex(), sql::int(height)?])?;
    tx.touch(Topic::Leases);
    Ok(())
}

/// Deletes deployments without order and without own lease.
///
/// # Errors
///
/// If the store fails.
pub fn forget_idle(tx: &Tx<'_>) -> Result<usize, StoreError> {
    let forgotten = tx
        .prepare_cached(
            "DELETE FROM deployments WHERE id NOT IN (SELECT deployment FROM leases)
                AND id NOT IN (SELECT deployment FROM orders)",
        )?
        .execute([])?;
    Ok(forgotten)
}
