//! The key of digests that stand in the cluster.

use rand::RngCore as _;
use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx};
use crate::model::DigestKey;

/// The key; none in a new store.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Option<DigestKey>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT key FROM digest_key")?;
    let key: Option<[u8; 32]> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(key.map(DigestKey::from_bytes))
}

/// The key; a new store gets one.
///
/// # Errors
///
/// If the store fails.
pub fn get_or_make(tx: &Tx<'_>) -> Result<DigestKey, StoreError> {
    if let Some(key) = get(tx)? {
        return Ok(key);
    }
    let mut bytes = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut bytes);
    let key = DigestKey::from_bytes(bytes);
    tx.prepare_cached("INSERT INTO digest_key (id, key) VALUES (0, ?1)")?
        .execute([key.as_bytes()])?;
    Ok(key)
}
