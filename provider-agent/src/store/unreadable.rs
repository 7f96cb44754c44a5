//! Events that this program could not read. The table is named `unread`.

use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx, sql};

/// The height of the first unreadable event since the last rebuild.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Option<u64>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT height FROM unread")?;
    Ok(statement.query_row([], |row| sql::uint(row, "height")).optional()?)
}

/// Records an unreadable event at `height`.
///
/// # Errors
///
/// If the store fails.
pub fn mark(tx: &Tx<'_>, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO unread (id, height) VALUES (0, ?1)")?
        .execute([sql::int(height)?])?;
    Ok(())
}

/// Forgets them after a rebuild.
///
/// # Errors
///
/// If the store fails.
pub fn clear(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM unread")?.execute([])?;
    Ok(())
}
