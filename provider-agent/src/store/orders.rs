//! Orders that take bids, and those that became own leases.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_core::{DeploymentId, GroupId, GroupSeq, OrderId};

use super::{StoreError, Topic, Tx, sql};
use crate::model::{Order, OrderDetail};

const COLUMNS: &str = "id, deployment, grp, owner, ceiling, denom, auction, expires_at, closes_at, open, opened_height, book_height, detail";

fn read(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: OrderId(sql::uint(row, "id")?),
        group: GroupId {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            group: GroupSeq(sql::uint32(row, "grp")?),
        },
        tenant: row.get("owner")?,
        ceiling: sql::text(row, "ceiling")?,
        denom: sql::text(row, "denom")?,
        auction: sql::json(row, "auction")?,
        expires_at: sql::uint(row, "expires_at")?,
        closes_at: sql::opt_uint(row, "closes_at")?,
        open: row.get("open")?,
        opened_height: sql::uint(row, "opened_height")?,
        bids_height: sql::uint(row, "book_height")?,
        detail: sql::opt_json(row, "detail")?,
    })
}

/// One order.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<Order>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE id = ?1");
    let mut statement = sql.prepare_cached(&query)?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// The number before the oldest open order's, or the newest order's where none is open; none if there
/// are no orders.
///
/// # Errors
///
/// If the store fails.
pub fn before_open(sql: &Connection) -> Result<Option<OrderId>, StoreError> {
    let number = sql.query_row(
        "SELECT COALESCE((SELECT MIN(id) - 1 FROM orders WHERE open), (SELECT MAX(id) FROM orders))",
        [],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).map(OrderId))
}

/// Orders that take bids, the oldest first.
///
/// # Errors
///
/// If the store fails.
pub fn open(sql: &Connection) -> Result<Vec<Order>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE open = 1 ORDER BY id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many take bids.
///
/// # Errors
///
/// If the store fails.
pub fn count_open(sql: &Connection) -> Result<u64, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT count(*) AS number FROM orders WHERE open = 1")?;
    Ok(statement.query_row([], |row| sql::uint(row, "number"))?)
}

/// Orders that take bids though their auction's time is over at `block_time`, and on which an own bid is.
///
/// # Errors
///
/// If the store fails.
pub fn over_with_bid(sql: &Connection, block_time: u64) -> Result<Vec<Order>, StoreError> {
    // Of bids, those that are open are found by their index; most are of leases.
    let mut statement = sql.prepare_cached(
        "SELECT order_id FROM bids JOIN orders ON orders.id = bids.order_id
         WHERE progress = 'open' AND open = 1 AND closes_at <= ?1 ORDER BY order_id",
    )?;
    let ids = statement.query_map([sql::int(block_time)?], |row| sql::uint(row, "order_id"))?;
    let ids: Vec<u64> = ids.collect::<rusqlite::Result<_>>()?;
    let orders = ids.into_iter().map(|id| get(sql, OrderId(id)));
    Ok(orders.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Auctions of a deployment that nobody bid on and whose time or lifetime is over at `block_time`, though no event
/// says so: they still reserve. Each with whether its lifetime is over. All `except` one order.
///
/// # Errors
///
/// If the store fails.
pub fn overdue(
    sql: &Connection,
    deployment: DeploymentId,
    except: OrderId,
    block_time: u64,
) -> Result<Vec<(OrderId, bool)>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT id, expires_at < ?3 AS expired FROM orders
         WHERE deployment = ?1 AND id <> ?2 AND open = 1 AND (expires_at < ?3 OR closes_at <= ?3)
             AND book_height <= opened_height ORDER BY id",
    )?;
    let values = params![sql::int(deployment.0)?, sql::int(except.0)?, sql::int(block_time)?];
    let read = |row: &Row<'_>| Ok((OrderId(sql::uint(row, "id")?), row.get("expired")?));
    let found = statement.query_map(values, read)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The tenant of a deployment, if the store has one of its orders.
///
/// # Errors
///
/// If the store fails.
pub fn tenant_of(sql: &Connection, deployment: DeploymentId) -> Result<Option<String>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT owner FROM orders WHERE deployment = ?1 LIMIT 1")?;
    let id = sql::int(deployment.0)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Inserts or updates an order; details that are known stay.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &Order) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO orders (id, deployment, grp, owner, ceiling, denom, auction, expires_at,
             closes_at, open, opened_height, book_height, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET open = excluded.open,
             closes_at = max(coalesce(closes_at, 0), excluded.closes_at),
             book_height = max(book_height, excluded.book_height),
             detail = coalesce(excluded.detail, detail)",
    )?
    .execute(params![
        sql::int(row.id.0)?,
        sql::int(row.group.deployment.0)?,
        row.group.group.0,
        row.tenant,
        row.ceiling.to_string(),
        row.denom.to_string(),
        sql::to_json(&row.auction)?,
        sql::int(row.expires_at)?,
        sql::opt_int(row.closes_at)?,
        row.open,
        sql::int(row.opened_height)?,
        sql::int(row.bids_height)?,
        row.detail.as_ref().map(sql::to_json).transpose()?,
    ])?;
    if row.detail.is_some() {
        tx.lease_changed(row.id);
    }
    tx.order_changed(row.id);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Sets the fetched details.
///
/// # Errors
///
/// If the store fails.
pub fn set_detail(tx: &Tx<'_>, order: OrderId, detail: &OrderDetail) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET detail = ?2 WHERE id = ?1")?
        .execute(params![sql::int(order.0)?, sql::to_json(detail)?])?;
    tx.lease_changed(order);
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Moves the close of its auction to a later time, and to a later block where that is said.
///
/// # Errors
///
/// If the store fails.
pub fn extend(
    tx: &Tx<'_>,
    order: OrderId,
    closes_at: u64,
    block: Option<u64>,
) -> Result<(), StoreError> {
    if let Some(mut detail) = get(tx, order)?.and_then(|known| known.detail)
        && detail.closes_at_block < block
    {
        detail.closes_at_block = block;
        tx.prepare_cached("UPDATE orders SET detail = ?2 WHERE id = ?1")?
            .execute(params![sql::int(order.0)?, sql::to_json(&detail)?])?;
    }
    tx.prepare_cached(
        "UPDATE orders SET closes_at = max(coalesce(closes_at, 0), ?2) WHERE id = ?1",
    )?
    .execute(params![sql::int(order.0)?, sql::int(closes_at)?])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Records that a bid on it was placed or changed.
///
/// # Errors
///
/// If the store fails.
pub fn set_bids_height(tx: &Tx<'_>, order: OrderId, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET book_height = ?2 WHERE id = ?1 AND open = 1")?
        .execute(params![sql::int(order.0)?, sql::int(height)?])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Marks an order as closed.
///
/// # Errors
///
/// If the store fails.
pub fn close(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET open = 0 WHERE id = ?1 AND open = 1")?
        .execute([sql::int(order.0)?])?;
    tx.order_changed(order);
    tx.touch(Topic::Orders);
    Ok(())
}

/// Marks all orders of a deployment as closed.
///
/// # Errors
///
/// If the store fails.
pub fn close_of(tx: &Tx<'_>, deployment: DeploymentId) -> Result<(), StoreError> {
    let mut closed = tx.prepare_cached(
        "UPDATE orders SET open = 0 WHERE deployment = ?1 AND open = 1 RETURNING id",
    )?;
    for order in closed.query_map([sql::int(deployment.0)?], |row| sql::uint(row, "id"))? {
        tx.order_changed(OrderId(order?));
    }
    tx.touch(Topic::Orders);
    Ok(())
}

/// Deletes closed orders that were opened before `height` and have no own lease, bid or reservation.
///
/// # Errors
///
/// If the store fails.
pub fn forget_closed(tx: &Tx<'_>, height: u64) -> Result<usize, StoreError> {
    let forgotten = tx
        .prepare_cached(
            "DELETE FROM orders WHERE open = 0 AND opened_height < ?1
                AND id NOT IN (SELECT order_id FROM leases)
                AND id NOT IN (SELECT order_id FROM bids)
                AND id NOT IN (SELECT order_id FROM reservations)",
        )?
        .execute([sql::int(height)?])?;
    Ok(forgotten)
}
