//! Whether events were passed over because this program could not read them.

use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx, sql};

/// The height of the first such event since the store was last made from queries.
pub fn get(sql: &Connection) -> Result<Option<u64>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT height FROM unread")?;
    Ok(statement.query_row([], |row| sql::uint(row, "height")).optional()?)
}

/// There was one at `height`.
pub fn mark(tx: &Tx<'_>, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO unread (id, height) VALUES (0, ?1)")?
        .execute([sql::int(height)?])?;
    Ok(())
}

/// The store knows again all that the chain says.
pub fn clear(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM unread")?.execute([])?;
    Ok(())
}
