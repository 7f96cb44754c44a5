//! The follower's cursor.

use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, Topic, Tx, sql};
use crate::model::Cursor;

/// The cursor; none before the first block.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Option<Cursor>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT height, time FROM cursor")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Cursor { height: sql::uint(row, "height")?, time: sql::uint(row, "time")? })
    };
    Ok(statement.query_row([], read).optional()?)
}

/// Moves the cursor.
///
/// # Errors
///
/// If the store fails.
pub fn set(tx: &Tx<'_>, cursor: Cursor) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO cursor (id, height, time) VALUES (0, ?1, ?2)")?
        .execute(params![sql::int(cursor.height)?, sql::int(cursor.time)?])?;
    tx.touch(Topic::Cursor);
    Ok(())
}
