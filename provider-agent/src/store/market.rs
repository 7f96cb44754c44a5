//! The market that the store is bound to.

use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx, cursor};
use crate::model::MarketId;

/// The market; none in a new store.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Option<MarketId>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT chain_id, orderbook FROM market")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(MarketId { chain_id: row.get("chain_id")?, orderbook: row.get("orderbook")? })
    };
    Ok(statement.query_row([], read).optional()?)
}

/// Binds the store to a market, unless it has read a block of another one.
///
/// # Errors
///
/// If the store fails.
pub fn bind(tx: &Tx<'_>, wanted: &MarketId) -> Result<(), StoreError> {
    match get(tx)? {
        Some(found) if found == *wanted => return Ok(()),
        Some(found) if cursor::get(tx)?.is_some() => {
            return Err(StoreError::OtherMarket { found, wanted: wanted.clone() });
        }
        _ => {}
    }
    tx.prepare_cached(
        "INSERT OR REPLACE INTO market (id, chain_id, orderbook) VALUES (0, ?1, ?2)",
    )?
    .execute([&wanted.chain_id, &wanted.orderbook])?;
    Ok(())
}
