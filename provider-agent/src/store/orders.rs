//! Orders that take bids, and those that became own leases.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use souk_api::orderbook::OrderResponse;
use souk_core::{AuctionPolicy, Denom, DeploymentId, GroupId, GroupSeq, GroupSpec, OrderId, Price};

use super::{StoreError, Topic, Tx, sql};

/// An order as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Its number.
    pub id: OrderId,
    /// The group that it is for.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// The highest price, in base units an hour.
    pub ceiling: Price,
    /// What it is paid in.
    pub denom: Denom,
    /// How the winner is found.
    pub auction: AuctionPolicy,
    /// Its last second, in block time.
    pub expires_at: u64,
    /// When its auction closes, extensions included.
    pub closes_at: Option<u64>,
    /// Whether it takes bids, as far as events tell; past its end it does not.
    pub open: bool,
    /// The block that opened it.
    pub opened_height: u64,
    /// The last block in which anyone's bid on it was placed or changed.
    pub book_height: u64,
    /// What its event does not say; none until it was fetched.
    pub detail: Option<OrderDetail>,
}

/// What an order's event does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDetail {
    /// What it asks for.
    pub spec: GroupSpec,
    /// When it was created.
    pub created_at: u64,
    /// If not empty, only these may bid.
    pub allow: Vec<String>,
    /// These may not.
    pub refuse: Vec<String>,
    /// Nor these, who had the group before.
    pub excluded: Vec<String>,
}

impl From<&OrderResponse> for OrderDetail {
    fn from(order: &OrderResponse) -> Self {
        Self {
            spec: order.spec.clone(),
            created_at: order.created_at,
            allow: order.allow.clone(),
            refuse: order.refuse.clone(),
            excluded: order.excluded.clone(),
        }
    }
}

const COLUMNS: &str = "id, deployment, grp, owner, ceiling, denom, auction, expires_at, closes_at, open, opened_height, book_height, detail";

fn read(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok(OrderRow {
        id: OrderId(sql::uint(row, "id")?),
        group: GroupId {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            group: GroupSeq(sql::uint32(row, "grp")?),
        },
        tenant: row.get("owner")?,
        ceiling: sql::word(row, "ceiling")?,
        denom: sql::word(row, "denom")?,
        auction: sql::json(row, "auction")?,
        expires_at: sql::uint(row, "expires_at")?,
        closes_at: sql::opt_uint(row, "closes_at")?,
        open: row.get("open")?,
        opened_height: sql::uint(row, "opened_height")?,
        book_height: sql::uint(row, "book_height")?,
        detail: sql::opt_json(row, "detail")?,
    })
}

/// One order.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<OrderRow>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE id = ?1");
    let mut statement = sql.prepare_cached(&query)?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// Orders that take bids, the oldest first.
pub fn open(sql: &Connection) -> Result<Vec<OrderRow>, StoreError> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE open = 1 ORDER BY id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The tenant of a deployment, if one of its orders is known.
pub fn owner_of(sql: &Connection, deployment: DeploymentId) -> Result<Option<String>, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT owner FROM orders WHERE deployment = ?1 LIMIT 1")?;
    let id = sql::int(deployment.0)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Puts an order there, or in place of what is there; details known already stay known.
pub fn put(tx: &Tx<'_>, row: &OrderRow) -> Result<(), StoreError> {
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
        sql::int(row.book_height)?,
        row.detail.as_ref().map(sql::to_json).transpose()?,
    ])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Adds the fetched details.
pub fn set_detail(tx: &Tx<'_>, order: OrderId, detail: &OrderDetail) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET detail = ?2 WHERE id = ?1")?
        .execute(params![sql::int(order.0)?, sql::to_json(detail)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Its auction closes later.
pub fn extend(tx: &Tx<'_>, order: OrderId, closes_at: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE orders SET closes_at = max(coalesce(closes_at, 0), ?2) WHERE id = ?1",
    )?
    .execute(params![sql::int(order.0)?, sql::int(closes_at)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Somebody's bid on it was placed or changed.
pub fn set_book_height(tx: &Tx<'_>, order: OrderId, height: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET book_height = ?2 WHERE id = ?1 AND open = 1")?
        .execute(params![sql::int(order.0)?, sql::int(height)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// It takes no more bids.
pub fn close(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET open = 0 WHERE id = ?1 AND open = 1")?
        .execute([sql::int(order.0)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// All orders of a deployment take no more bids.
pub fn close_of(tx: &Tx<'_>, deployment: DeploymentId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE orders SET open = 0 WHERE deployment = ?1 AND open = 1")?
        .execute([sql::int(deployment.0)?])?;
    tx.touch(Topic::Orders);
    Ok(())
}

/// Forgets closed orders opened before `height` that are nothing of ours any more: no lease, no
/// bid, no reservation.
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
