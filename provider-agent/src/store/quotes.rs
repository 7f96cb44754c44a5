//! Signed quotes and the capacity that they reserve, until they lapse or a lease has it.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::{OrderId, quote::MAX_VALIDITY};

use super::{StoreError, Topic, Tx, cursor, reservations, sql};
use crate::model::{
    placement::Reservation,
    quoting::{Asker, OpenQuote, QuoteReservation, UNUSED},
};

/// For how long what a lease has stays here beside its own reservation, in seconds.
const USED_KEPT: u64 = MAX_VALIDITY;

fn read(row: &Row<'_>) -> rusqlite::Result<QuoteReservation> {
    let used = sql::opt_uint(row, "order_id")?.map(OrderId);
    Ok(QuoteReservation {
        nonce: sql::uint(row, "nonce")?,
        units: sql::json(row, "units")?,
        reservation: Reservation {
            order: used.unwrap_or(UNUSED),
            placements: sql::json(row, "placements")?,
            ips: sql::uint32(row, "ips")?,
        },
        valid_until: sql::uint(row, "valid_until")?,
        quotes: Vec::new(),
    })
}

fn read_quote(row: &Row<'_>) -> rusqlite::Result<(u64, OpenQuote)> {
    let asker = Asker { address: row.get("asker")?, network: row.get("network")? };
    Ok((sql::uint(row, "nonce")?, OpenQuote { asker, tenant: row.get("owner")? }))
}

const COLUMNS: &str = "nonce, units, placements, ips, valid_until, order_id";

/// All of them, by nonce.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<QuoteReservation>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM quote_reservations ORDER BY nonce");
    let mut statement = sql.prepare_cached(&query)?;
    let mut all: Vec<QuoteReservation> =
        statement.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    let mut statement =
        sql.prepare_cached("SELECT nonce, asker, network, owner FROM quotes ORDER BY id")?;
    for quote in statement.query_map([], read_quote)? {
        let (nonce, quote) = quote?;
        if let Ok(index) = all.binary_search_by_key(&nonce, |one| one.nonce)
            && let Some(one) = all.get_mut(index)
        {
            one.quotes.push(quote);
        }
    }
    Ok(all)
}

/// A nonce that was never given before: microseconds of this block time, or what follows the last.
///
/// # Errors
///
/// If the store fails.
pub fn next_nonce(tx: &Tx<'_>, time: u64) -> Result<u64, StoreError> {
    let last = tx
        .prepare_cached("SELECT last FROM quote_nonce")?
        .query_row([], |row| sql::uint(row, "last"))
        .optional()?;
    let nonce = time.saturating_mul(1_000_000).max(last.unwrap_or(0).saturating_add(1));
    tx.prepare_cached("INSERT OR REPLACE INTO quote_nonce (id, last) VALUES (0, ?1)")?
        .execute([sql::int(nonce)?])?;
    Ok(nonce)
}

/// Adds a reservation with its quotes; those alone if the nonce is there already, whose time and capacity stay.
///
/// # Errors
///
/// If the store fails.
pub fn add(tx: &Tx<'_>, row: &QuoteReservation) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO quote_reservations (nonce, units, placements, ips, valid_until)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        sql::int(row.nonce)?,
        sql::to_json(&row.units)?,
        sql::to_json(&row.reservation.placements)?,
        row.reservation.ips,
        sql::int(row.valid_until)?,
    ])?;
    let mut statement = tx.prepare_cached(
        "INSERT INTO quotes (nonce, asker, network, owner) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for OpenQuote { asker, tenant } in &row.quotes {
        let nonce = sql::int(row.nonce)?;
        statement.execute(params![nonce, asker.address, asker.network, tenant])?;
    }
    tx.touch(Topic::Quotes);
    Ok(())
}

/// Whether quotes can still be signed on a nonce: it is there, and no lease has it.
///
/// # Errors
///
/// If the store fails.
pub fn is_open(sql: &Connection, nonce: u64) -> Result<bool, StoreError> {
    let mut statement = sql
        .prepare_cached("SELECT 1 FROM quote_reservations WHERE nonce = ?1 AND order_id IS NULL")?;
    Ok(statement.exists([sql::int(nonce)?])?)
}

/// A quote of this nonce became the lease of `order`, which has its capacity from now on. False if the nonce is not
/// known, or was used before.
///
/// # Errors
///
/// If the store fails.
pub fn use_nonce(tx: &Tx<'_>, nonce: u64, order: OrderId) -> Result<bool, StoreError> {
    if !is_open(tx, nonce)? {
        return Ok(false);
    }
    let query = format!("SELECT {COLUMNS} FROM quote_reservations WHERE nonce = ?1");
    let found = tx.prepare_cached(&query)?.query_row([sql::int(nonce)?], read)?;
    reservations::put(tx, &Reservation { order, ..found.reservation })?;
    tx.prepare_cached("UPDATE quote_reservations SET order_id = ?2 WHERE nonce = ?1")?
        .execute(params![sql::int(nonce)?, sql::int(order.0)?])?;
    tx.prepare_cached("DELETE FROM quotes WHERE nonce = ?1")?.execute([sql::int(nonce)?])?;
    tx.touch(Topic::Quotes);
    Ok(true)
}

/// Forgets a nonce, as when its lease came and went while nobody looked.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, nonce: u64) -> Result<(), StoreError> {
    let gone = tx
        .prepare_cached("DELETE FROM quote_reservations WHERE nonce = ?1")?
        .execute([sql::int(nonce)?])?;
    if gone > 0 {
        tx.touch(Topic::Quotes);
        tx.touch(Topic::Capacity);
    }
    Ok(())
}

/// Releases what no quote can use any more by the store's own block time: whatever block could use one is read by
/// then. Returns how many nonces lapsed unused.
///
/// # Errors
///
/// If the store fails.
pub fn release_lapsed(tx: &Tx<'_>) -> Result<usize, StoreError> {
    let Some(now) = cursor::get(tx)?.map(|at| at.time) else { return Ok(0) };
    let lapsed = tx
        .prepare_cached(
            "DELETE FROM quote_reservations WHERE order_id IS NULL AND valid_until < ?1",
        )?
        .execute([sql::int(now)?])?;
    let old = now.saturating_sub(USED_KEPT);
    let used = tx
        .prepare_cached(
            "DELETE FROM quote_reservations WHERE order_id IS NOT NULL AND valid_until < ?1",
        )?
        .execute([sql::int(old)?])?;
    if lapsed > 0 || used > 0 {
        tx.touch(Topic::Quotes);
        tx.touch(Topic::Capacity);
    }
    Ok(lapsed)
}

/// Quotes that may be out of which the store does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotesOut {
    /// The key that signed them, in hexadecimal digits. Once the registry has another they are void.
    pub quote_key: String,
    /// Their last second; block time.
    pub until: u64,
}

/// Those that may be out, if the store was lost.
///
/// # Errors
///
/// If the store fails.
pub fn out(sql: &Connection) -> Result<Option<QuotesOut>, StoreError> {
    let mut statement = sql.prepare_cached("SELECT quote_key, until FROM quotes_out")?;
    let read = |row: &Row<'_>| {
        Ok(QuotesOut { quote_key: row.get("quote_key")?, until: sql::uint(row, "until")? })
    };
    Ok(statement.query_row([], read).optional()?)
}

/// The store was filled from the chain at this block time, where the registry had this key, in hexadecimal digits, if
/// any: quotes by it may be out for as long as any holds.
///
/// # Errors
///
/// If the store fails.
pub fn set_out(tx: &Tx<'_>, quote_key: Option<&str>, time: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM quotes_out")?.execute([])?;
    if let Some(key) = quote_key {
        let until = time.saturating_add(MAX_VALIDITY);
        tx.prepare_cached("INSERT INTO quotes_out (id, quote_key, until) VALUES (0, ?1, ?2)")?
            .execute(params![key, sql::int(until)?])?;
    }
    tx.touch(Topic::Quotes);
    Ok(())
}
