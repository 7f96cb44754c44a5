//! Depleted deployments of own leases that were marked for their end.

use rusqlite::{Connection, params};
use souk_core::DeploymentId;

use super::{StoreError, Tx, sql};

/// A mark, as the book told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkRow {
    /// The deployment.
    pub deployment: DeploymentId,
    /// When its money was used up.
    pub depleted_since: u64,
    /// From when it can be ended, in block time.
    pub endable_at: u64,
    /// The block of the mark.
    pub height: u64,
}

/// All marks.
pub fn all(sql: &Connection) -> Result<Vec<MarkRow>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT deployment, dry_since, reapable_at, height FROM marks")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(MarkRow {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            depleted_since: sql::uint(row, "dry_since")?,
            endable_at: sql::uint(row, "reapable_at")?,
            height: sql::uint(row, "height")?,
        })
    };
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps a mark, in place of an older one.
pub fn put(tx: &Tx<'_>, row: &MarkRow) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO marks VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        sql::int(row.deployment.0)?,
        sql::int(row.depleted_since)?,
        sql::int(row.endable_at)?,
        sql::int(row.height)?,
    ])?;
    Ok(())
}

/// Forgets a mark.
pub fn forget(tx: &Tx<'_>, deployment: DeploymentId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM marks WHERE deployment = ?1")?
        .execute([sql::int(deployment.0)?])?;
    Ok(())
}
