//! Which market the store is of.

use std::fmt;

use rusqlite::{Connection, OptionalExtension};

use super::{StoreError, Tx, cursor};

/// An orderbook on a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketRow {
    /// The chain.
    pub chain_id: String,
    /// The orderbook's address.
    pub orderbook: String,
}

impl fmt::Display for MarketRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "orderbook {} on chain {}", self.orderbook, self.chain_id)
    }
}

/// The market, once it is settled.
pub fn get(sql: &Connection) -> Result<Option<MarketRow>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT chain_id, orderbook FROM market")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(MarketRow { chain_id: row.get("chain_id")?, orderbook: row.get("orderbook")? })
    };
    Ok(statement.query_row([], read).optional()?)
}

/// Settles the market. A store that has read a block of another one is refused.
pub fn settle(tx: &Tx<'_>, wanted: &MarketRow) -> Result<(), StoreError> {
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
