//! What a store knows of its copies: what tells it from them, and whether it is one that was put back.

use rand::RngCore as _;
use rusqlite::{Connection, OptionalExtension, params};
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

/// What tells this file from its copies; a new one gets it.
///
/// # Errors
///
/// If the store fails.
pub fn identity_or_make(tx: &Tx<'_>) -> Result<String, StoreError> {
    match identity(tx)? {
        Some(known) => Ok(known),
        None => renew_identity(tx),
    }
}

/// Makes this file another one than it was, and than its copies.
///
/// # Errors
///
/// If the store fails.
pub fn renew_identity(tx: &Tx<'_>) -> Result<String, StoreError> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    let token = hex::encode(bytes);
    set_identity(tx, &token)?;
    Ok(token)
}

/// Sets what tells this file from its copies.
///
/// # Errors
///
/// If the store fails.
pub(super) fn set_identity(tx: &Tx<'_>, token: &str) -> Result<(), StoreError> {
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
/// it. Manifests and host names may be older than what runs, so that tenants send them again; reservations
/// stay.
///
/// # Errors
///
/// If the store fails.
pub fn put_back(tx: &Tx<'_>, at: u64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM identity", [])?;
    tx.execute("DELETE FROM manifests", [])?;
    // Names that leases gave up since are other leases' now. Whose they are says what runs, until manifests
    // come.
    tx.execute("DELETE FROM hostnames", [])?;
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
