//! Own bids, from the decision to the release of their slot.

use std::{fmt, str::FromStr};

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::{OrderId, Price};

use super::{StoreError, Topic, Tx, sql};

/// How far a bid came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BidProgress {
    /// Decided and handed to the outbox; not seen on the chain yet.
    Sent,
    /// On the book.
    Open,
    /// It became the lease.
    Won,
    /// Another won, or the order ended; its slot is still held.
    Lost,
    /// As lost, and its release is with the outbox, under the key that stands beside it.
    Releasing,
    /// The chain refused it; the reason stands beside it. It has no slot.
    Refused,
}

impl BidProgress {
    const ALL: [Self; 6] =
        [Self::Sent, Self::Open, Self::Won, Self::Lost, Self::Releasing, Self::Refused];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Releasing => "releasing",
            Self::Refused => "refused",
        }
    }

    /// Whether it may still become a lease.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Sent | Self::Open)
    }
}

impl fmt::Display for BidProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BidProgress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|progress| progress.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no progress of a bid"))
    }
}

/// An own bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BidRow {
    /// The order; one bid for each.
    pub order: OrderId,
    /// The order's tenant.
    pub tenant: String,
    /// Base units an hour, as last sent or seen.
    pub price: Price,
    /// How far it came.
    pub progress: BidProgress,
    /// The height at which it was decided, or at which it was lost.
    pub decided_height: u64,
    /// How many bids on this order the chain refused before.
    pub attempt: u32,
    /// If refused, why; if releasing, the outbox's key.
    pub why: Option<String>,
}

const COLUMNS: &str = "order_id, owner, price, progress, decided_height, attempt, why";

fn read(row: &Row<'_>) -> rusqlite::Result<BidRow> {
    Ok(BidRow {
        order: OrderId(sql::uint(row, "order_id")?),
        tenant: row.get("owner")?,
        price: sql::word(row, "price")?,
        progress: sql::word(row, "progress")?,
        decided_height: sql::uint(row, "decided_height")?,
        attempt: sql::uint32(row, "attempt")?,
        why: row.get("why")?,
    })
}

/// The bid on an order.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<BidRow>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM bids WHERE order_id = ?1");
    let mut statement = sql.prepare_cached(&query)?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// All bids whose slot is not released, by order.
pub fn all(sql: &Connection) -> Result<Vec<BidRow>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM bids ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts a bid there, or in place of what is there.
pub fn put(tx: &Tx<'_>, row: &BidRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR REPLACE INTO bids (order_id, owner, price, progress, decided_height, attempt, why)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        row.tenant,
        row.price.to_string(),
        row.progress.as_str(),
        sql::int(row.decided_height)?,
        row.attempt,
        row.why,
    ])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Moves a bid on; nothing if there is none.
pub fn set_progress(
    tx: &Tx<'_>,
    order: OrderId,
    progress: BidProgress,
    why: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET progress = ?2, why = ?3 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, progress.as_str(), why])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// It can become no lease any more; its slot is still held.
pub fn lose(tx: &Tx<'_>, order: OrderId, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE bids SET progress = 'lost', why = NULL, decided_height = ?2 WHERE order_id = ?1",
    )?
    .execute(params![sql::int(order.0)?, sql::int(height)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// So many attempts that there will be no more.
pub const NO_MORE: u32 = 1_000;

/// A bid that the chain refused; `attempts` is how many were refused so far.
pub fn refuse(tx: &Tx<'_>, order: OrderId, attempts: u32, why: &str) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE bids SET progress = 'refused', attempt = ?2, why = ?3 WHERE order_id = ?1",
    )?
    .execute(params![sql::int(order.0)?, attempts, why])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// The price that the chain has now.
pub fn set_price(tx: &Tx<'_>, order: OrderId, price: Price) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE bids SET price = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, price.to_string()])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Its slot is released: the row has done its duty.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM bids WHERE order_id = ?1")?.execute([sql::int(order.0)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}
