//! The decision log: for each order the latest verdict and its reason.

use std::{fmt, str::FromStr};

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::{OrderId, Price};

use super::{StoreError, Tx, sql};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A bid was made.
    Bid,
    /// No bid.
    Pass,
    /// Not decided yet: some input is missing.
    Wait,
    /// The chain refused the bid.
    Refused,
}

impl Verdict {
    const ALL: [Self; 4] = [Self::Bid, Self::Pass, Self::Wait, Self::Refused];

    /// Its text in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bid => "bid",
            Self::Pass => "pass",
            Self::Wait => "wait",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|verdict| verdict.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not a verdict"))
    }
}

/// A decision on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The order.
    pub order: OrderId,
    /// Height of the block since which it holds.
    pub height: u64,
    /// What was decided.
    pub verdict: Verdict,
    /// Why, in full, for the provider.
    pub reason: String,
    /// Why, without the provider's prices and capacity, for the order's tenant.
    pub tenant_reason: String,
    /// The price of the bid, in base units an hour.
    pub price: Option<Price>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    Ok(DecisionRow {
        order: OrderId(sql::uint(row, "order_id")?),
        height: sql::uint(row, "height")?,
        verdict: sql::text(row, "verdict")?,
        reason: row.get("reason")?,
        tenant_reason: row.get("coarse")?,
        price: sql::opt_text(row, "price")?,
    })
}

/// The latest decision on an order.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<DecisionRow>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT order_id, height, verdict, reason, coarse, price FROM decisions WHERE order_id = ?1",
    )?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// Records a decision. One that equals the last keeps its height, so that the log shows since when it
/// holds. True if it is different.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &DecisionRow) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "INSERT INTO decisions (order_id, height, verdict, reason, coarse, price)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (order_id) DO UPDATE SET height = excluded.height,
                 verdict = excluded.verdict, reason = excluded.reason, coarse = excluded.coarse,
                 price = excluded.price
             WHERE verdict != excluded.verdict OR reason != excluded.reason
                 OR price IS NOT excluded.price",
        )?
        .execute(params![
            sql::int(row.order.0)?,
            sql::int(row.height)?,
            row.verdict.as_str(),
            row.reason,
            row.tenant_reason,
            row.price.map(|price| price.to_string()),
        ])?;
    Ok(changed > 0)
}

/// Deletes decisions older than `height` on orders that are not open.
///
/// # Errors
///
/// If the store fails.
pub fn forget_before(tx: &Tx<'_>, height: u64) -> Result<usize, StoreError> {
    let forgotten = tx
        .prepare_cached(
            "DELETE FROM decisions WHERE height < ?1
                AND order_id NOT IN (SELECT id FROM orders WHERE open = 1)",
        )?
        .execute([sql::int(height)?])?;
    Ok(forgotten)
}
