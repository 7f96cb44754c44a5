//! Copies of this file: what tells it from them, and whether it is one that was put back.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use souk_chain::Outbox;

use super::{StoreError, Topic, Tx, sql};

/// What tells this file from its copies; none before it was first used.
///
/// # Errors
///
/// If the store fails.
pub fn identity(sql: &Connection) -> Result<Option<String>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT token FROM identity")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// Sets what tells this file from its copies.
///
/// # Errors
///
/// If the store fails.
pub fn set_identity(tx: &Tx<'_>, token: &str) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO identity (id, token) VALUES (0, ?1)")?
        .execute([token])?;
    Ok(())
}

/// When this file was put back from a copy, in Unix seconds, if the chain was not read since.
///
/// # Errors
///
/// If the store fails.
pub fn restored_at(sql: &Connection) -> Result<Option<u64>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT at FROM restored")?;
    Ok(statement.query_row([], |row| sql::uint(row, "at")).optional()?)
}

/// Makes a copy one that was put back at `at`, Unix seconds.
///
/// It is another file than the one it was copied from. What was to be sent is not: the other may have sent
/// it. Manifests may be older than what runs, so that tenants send them again; reservations stay.
///
/// # Errors
///
/// If the store fails.
pub fn put_back(tx: &Tx<'_>, at: u64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM identity", [])?;
    tx.execute("DELETE FROM manifests", [])?;
    tx.execute("DELETE FROM applied", [])?;
    Outbox::disown(tx, "the store was put back from a copy; what is still due is decided again")?;
    mark(tx, at)?;
    tx.touch(Topic::Manifests);
    Ok(())
}

/// Records that this file was put back from a copy at `at`, Unix seconds.
///
/// # Errors
///
/// If the store fails.
pub fn mark(tx: &Tx<'_>, at: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO restored (id, at) VALUES (0, ?1)")?
        .execute(params![sql::int(at)?])?;
    Ok(())
}

/// The chain was read.
///
/// # Errors
///
/// If the store fails.
pub fn chain_read(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM restored")?.execute([])?;
    Ok(())
}

/// Copies the store at `path` into the empty file `to`: one state of it, also while an agent writes it.
///
/// # Errors
///
/// If one of them cannot be used.
pub fn copy_file(path: &Path, to: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

/// Whether a file is a store that can be read to its end.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_file(path: &Path) -> Result<(), String> {
    let checked = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|sql| sql.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    match checked {
        Ok(word) if word == "ok" => Ok(()),
        Ok(problem) => Err(problem),
        Err(error) => Err(error.to_string()),
    }
}
