//! Depleted deployments of own leases that were marked for their end.

use rusqlite::{Connection, params};
use souk_core::DeploymentId;

use super::{StoreError, Tx, sql};
use crate::model::Mark;

/// All marks.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<Mark>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT deployment, dry_since, reapable_at, height FROM marks")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Mark {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            depleted_since: sql::uint(row, "dry_since")?,
            endable_at: sql::uint(row, "reapable_at")?,
            height: sql::uint(row, "height")?,
        })
    };
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Inserts or replaces a mark.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &Mark) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO marks VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        sql::int(row.deployment.0)?,
        sql::int(row.depleted_since)?,
        sql::int(row.endable_at)?,
        sql::int(row.height)?,
    ])?;
    Ok(())
}

/// Deletes a mark.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, deployment: DeploymentId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM marks WHERE deployment = ?1")?
        .execute([sql::int(deployment.0)?])?;
    Ok(())
}
