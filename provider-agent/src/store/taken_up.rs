//! When this store was filled from the chain, new or put back from a copy.

use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, Tx, sql};

/// The block time at which the store was last filled from the chain, new or put back, in seconds. Leases that
/// were made until then may have had manifests that it does not have. None in a store of an earlier version
/// that was never lost since.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Option<u64>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT at FROM taken_up")?;
    Ok(statement.query_row([], |row| sql::uint(row, "at")).optional()?)
}

/// Sets it.
///
/// # Errors
///
/// If the store fails.
pub fn set(tx: &Tx<'_>, at: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO taken_up (id, at) VALUES (0, ?1)")?
        .execute(params![sql::int(at)?])?;
    Ok(())
}
