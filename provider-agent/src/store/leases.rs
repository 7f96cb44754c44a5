//! Own leases and the clocks of the accounts that pay them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_api::orderbook::LeaseState;
use souk_core::{AccountId, CloseReason, DeploymentId, GroupId, GroupSeq, OrderId};

use super::{StoreError, Topic, Tx, reclaims, sql};
use crate::model::{AccountClock, Lease};

const SELECT: &str = "SELECT order_id, deployment, grp, owner, price, denom, account, state, \
     reason, created_at, closed_at, withdrawn_at, absence_limit, paid_until, a.remaining, a.rate, a.anchor, a.depletion, \
     a.dry, a.closed, a.height, r.* FROM leases LEFT JOIN accounts a ON a.id = account \
     LEFT JOIN reclaims r ON r.lease = order_id";

fn read(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let known: Option<i64> = row.get("height")?;
    let clock = match known {
        None => None,
        Some(_) => Some(AccountClock {
            remaining: sql::text(row, "remaining")?,
            rate: sql::text(row, "rate")?,
            anchor: sql::uint(row, "anchor")?,
            depletion: sql::opt_uint(row, "depletion")?,
            depleted: row.get("dry")?,
            closed: row.get("closed")?,
            height: sql::uint(row, "height")?,
        }),
    };
    Ok(Lease {
        order: OrderId(sql::uint(row, "order_id")?),
        group: GroupId {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            group: GroupSeq(sql::uint32(row, "grp")?),
        },
        tenant: row.get("owner")?,
        price: sql::text(row, "price")?,
        denom: sql::text(row, "denom")?,
        account: AccountId(sql::uint(row, "account")?),
        state: sql::text(row, "state")?,
        reason: sql::opt_parsed(row, "reason", CloseReason::from_stored)?,
        created_at: sql::uint(row, "created_at")?,
        closed_at: sql::opt_uint(row, "closed_at")?,
        withdrawn_at: sql::uint(row, "withdrawn_at")?,
        clock,
        reclaim: reclaims::read(row)?,
        absence_limit: sql::opt_uint(row, "absence_limit")?,
        paid_until: sql::opt_uint(row, "paid_until")?,
    })
}

/// One lease.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<Lease>, StoreError> {
    let mut statement = sql.prepare_cached(&format!("{SELECT} WHERE order_id = ?1"))?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// Active leases, by number; paid or not.
///
/// # Errors
///
/// If the store fails.
pub fn active(sql: &Connection) -> Result<Vec<Lease>, StoreError> {
    let query = format!("{SELECT} WHERE state = 'active' ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many leases are active; paid or not.
///
/// # Errors
///
/// If the store fails.
pub fn count_active(sql: &Connection) -> Result<u64, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT count(*) AS number FROM leases WHERE state = 'active'")?;
    Ok(statement.query_row([], |row| sql::uint(row, "number"))?)
}

/// All leases, by number, also ended ones until they are deleted.
///
/// # Errors
///
/// If the store fails.
pub fn all(sql: &Connection) -> Result<Vec<Lease>, StoreError> {
    let mut statement = sql.prepare_cached(&format!("{SELECT} ORDER BY order_id"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Leases that ended, by number, until they are deleted.
///
/// # Errors
///
/// If the store fails.
pub fn ended(sql: &Connection) -> Result<Vec<Lease>, StoreError> {
    let query = format!("{SELECT} WHERE state != 'active' ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Active leases without a manifest, by number.
///
/// # Errors
///
/// If the store fails.
pub fn without_manifest(sql: &Connection) -> Result<Vec<OrderId>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT order_id FROM leases WHERE state = 'active'
             AND order_id NOT IN (SELECT order_id FROM manifests) ORDER BY order_id",
    )?;
    let rows = statement.query_map([], |row| sql::uint(row, "order_id").map(OrderId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Inserts a lease or updates its state, and what was announced of its end. `withdrawn_at` of an existing one
/// stays; of two limits for absence the shorter counts; the clock is set by [`put_clock`].
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, row: &Lease) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO leases (order_id, deployment, grp, owner, price, denom, account, state,
             reason, created_at, closed_at, withdrawn_at, absence_limit, paid_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             closed_at = excluded.closed_at, paid_until = excluded.paid_until,
             absence_limit = coalesce(min(absence_limit, excluded.absence_limit), absence_limit,
                 excluded.absence_limit)",
    )?
    .execute(params![
        sql::int(row.order.0)?,
        sql::int(row.group.deployment.0)?,
        row.group.group.0,
        row.tenant,
        row.price.to_string(),
        row.denom.to_string(),
        sql::int(row.account.0)?,
        row.state.to_string(),
        row.reason.map(CloseReason::as_stored),
        sql::int(row.created_at)?,
        sql::opt_int(row.closed_at)?,
        sql::int(row.withdrawn_at)?,
        sql::opt_int(row.absence_limit)?,
        sql::opt_int(row.paid_until)?,
    ])?;
    if let Some(reclaim) = &row.reclaim {
        reclaims::put(tx, row.order, reclaim)?;
    }
    tx.lease_changed(row.order);
    tx.order_changed(row.order);
    tx.touch(Topic::Leases);
    Ok(())
}

/// Marks a lease as ended. What was withdrawn after its end, while that was not confirmed yet, counts
/// only up to the end: what it earned before may still be owed.
///
/// # Errors
///
/// If the store fails.
pub fn close(
    tx: &Tx<'_>,
    order: OrderId,
    state: LeaseState,
    reason: CloseReason,
    closed_at: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE leases SET state = ?2, reason = ?3, closed_at = ?4,
             withdrawn_at = min(withdrawn_at, ?4) WHERE order_id = ?1",
    )?
    .execute(params![
        sql::int(order.0)?,
        state.to_string(),
        reason.as_stored(),
        sql::int(closed_at)?
    ])?;
    tx.lease_changed(order);
    tx.order_changed(order);
    tx.touch(Topic::Leases);
    Ok(())
}

/// Records until when a lease that ended is paid at most, since its provider was absent; block time.
///
/// # Errors
///
/// If the store fails.
pub fn set_paid_until(tx: &Tx<'_>, order: OrderId, until: Option<u64>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE leases SET paid_until = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::opt_int(until)?])?;
    tx.order_changed(order);
    Ok(())
}

/// Records that its earnings are withdrawn up to `block_time`.
///
/// # Errors
///
/// If the store fails.
pub fn set_withdrawn(tx: &Tx<'_>, order: OrderId, block_time: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE leases SET withdrawn_at = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(block_time)?])?;
    Ok(())
}

/// Records a limit for absence that a node told of a lease, in seconds, if it is shorter than the one that is known
/// or none is: what is said too short costs heartbeats, and what is said too long the pay.
///
/// # Errors
///
/// If the store fails.
pub fn shorten_limit(tx: &Tx<'_>, order: OrderId, limit: u64) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE leases SET absence_limit = ?2
             WHERE order_id = ?1 AND (absence_limit IS NULL OR absence_limit > ?2)",
        )?
        .execute(params![sql::int(order.0)?, sql::int(limit)?])?;
    if changed > 0 {
        tx.lease_changed(order);
        tx.touch(Topic::Leases);
    }
    Ok(())
}

/// The shortest limit for absence among the leases that run, in seconds; none if none of them has one.
///
/// # Errors
///
/// If the store fails.
pub fn shortest_limit(sql: &Connection) -> Result<Option<u64>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT min(absence_limit) AS shortest FROM leases WHERE state = 'active'",
    )?;
    Ok(statement.query_row([], |row| sql::opt_uint(row, "shortest"))?)
}

/// How many leases run that have a manifest and whose accounts pay for them at `block_time`: of each something
/// has to run.
///
/// # Errors
///
/// If the store fails.
pub fn count_served(sql: &Connection, block_time: u64) -> Result<u64, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT count(*) AS number FROM leases LEFT JOIN accounts a ON a.id = account
         WHERE state = 'active' AND NOT ifnull(a.dry OR ifnull(a.depletion <= ?1, 0), 0)
             AND order_id IN (SELECT order_id FROM manifests)",
    )?;
    Ok(statement.query_row([sql::int(block_time)?], |row| sql::uint(row, "number"))?)
}

/// How many there are in each state, and whether their accounts pay for them at `block_time`.
///
/// # Errors
///
/// If the store fails.
pub fn count(
    sql: &Connection,
    block_time: u64,
) -> Result<Vec<(LeaseState, bool, u64)>, StoreError> {
    let mut statement = sql.prepare_cached(
        "SELECT state, NOT ifnull(a.dry OR ifnull(a.depletion <= ?1, 0), 0) AS funded,
             count(*) AS number
         FROM leases LEFT JOIN accounts a ON a.id = account GROUP BY 1, 2",
    )?;
    let rows = statement.query_map([sql::int(block_time)?], |row| {
        Ok((sql::text(row, "state")?, row.get("funded")?, sql::uint(row, "number")?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether it is an active lease.
///
/// # Errors
///
/// If the store fails.
pub fn is_active(sql: &Connection, order: OrderId) -> Result<bool, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT 1 FROM leases WHERE order_id = ?1 AND state = 'active'")?;
    Ok(statement.exists([sql::int(order.0)?])?)
}

/// Whether any own lease is paid by this account.
///
/// # Errors
///
/// If the store fails.
pub fn is_paid_by(sql: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let mut statement = sql.prepare_cached("SELECT 1 FROM leases WHERE account = ?1 LIMIT 1")?;
    Ok(statement.exists([sql::int(account.0)?])?)
}

/// The own leases after one, by number, at most `limit`; active and ended.
///
/// # Errors
///
/// If the store fails.
pub fn after(
    sql: &Connection,
    start_after: Option<OrderId>,
    limit: u32,
) -> Result<Vec<Lease>, StoreError> {
    let query = format!("{SELECT} WHERE order_id > ?1 ORDER BY order_id LIMIT ?2");
    let after = start_after.map_or(Ok(-1), |order| sql::int(order.0))?;
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map(params![after, limit], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The clock of an account, if it is known.
///
/// # Errors
///
/// If the store fails.
pub fn clock(sql: &Connection, account: AccountId) -> Result<Option<AccountClock>, StoreError> {
    let query = format!("{SELECT} WHERE account = ?1 LIMIT 1");
    let mut statement = sql.prepare_cached(&query)?;
    let lease = statement.query_row([sql::int(account.0)?], read).optional()?;
    Ok(lease.and_then(|lease| lease.clock))
}

/// Sets the clock of an account, unless the store has a newer one.
///
/// # Errors
///
/// If the store fails.
pub fn put_clock(tx: &Tx<'_>, account: AccountId, clock: &AccountClock) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO accounts (id, remaining, rate, anchor, depletion, dry, closed, height)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET remaining = excluded.remaining, rate = excluded.rate,
             anchor = excluded.anchor, depletion = excluded.depletion, dry = excluded.dry,
             closed = excluded.closed, height = excluded.height
         WHERE excluded.height >= height",
    )?
    .execute(params![
        sql::int(account.0)?,
        clock.remaining.to_string(),
        clock.rate.to_string(),
        sql::int(clock.anchor)?,
        sql::opt_int(clock.depletion)?,
        clock.depleted,
        clock.closed,
        sql::int(clock.height)?,
    ])?;
    let mut paid = tx.prepare_cached("SELECT order_id FROM leases WHERE account = ?1")?;
    for order in paid.query_map([sql::int(account.0)?], |row| sql::uint(row, "order_id"))? {
        tx.lease_changed(OrderId(order?));
    }
    tx.touch(Topic::Leases);
    Ok(())
}

/// Deletes an ended lease.
///
/// # Errors
///
/// If the store fails.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    let id = sql::int(order.0)?;
    tx.prepare_cached("DELETE FROM leases WHERE order_id = ?1 AND state != 'active'")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM accounts WHERE id NOT IN (SELECT account FROM leases)")?
        .execute([])?;
    reclaims::forget_gone(tx)?;
    tx.lease_changed(order);
    tx.order_changed(order);
    tx.touch(Topic::Leases);
    Ok(())
}
