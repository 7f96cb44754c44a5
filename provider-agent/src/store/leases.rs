//! Own leases and the clocks of the accounts that pay them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use souk_api::{escrow::events::AccountChanged, orderbook::LeaseState};
use souk_core::{
    AccountId, CloseReason, Denom, DeploymentId, GroupId, GroupSeq, OrderId, Price, Rate,
};

use super::{StoreError, Topic, Tx, sql};

/// An own lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// Its number, which is its order's.
    pub order: OrderId,
    /// The group that runs.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// The escrow account that pays; its stream there has the order's number.
    pub account: AccountId,
    /// Its state on the chain.
    pub state: LeaseState,
    /// Why it ended.
    pub reason: Option<CloseReason>,
    /// Block time of its beginning.
    pub created_at: u64,
    /// Block time of its end.
    pub closed_at: Option<u64>,
    /// Block time at which its earnings were last seen to be paid; at first, of its beginning.
    pub withdrawn_at: u64,
    /// The account's clock; none for an instant until it is learned.
    pub clock: Option<AccountClock>,
}

impl LeaseRow {
    /// Whether it is paid for at `block_time`. Judged by the chain's own figures; while they
    /// are not known the benefit of the doubt is the tenant's.
    pub fn is_funded_at(&self, block_time: u64) -> bool {
        self.clock.as_ref().is_none_or(|clock| !clock.is_depleted_at(block_time))
    }

    /// Whether it has ended and its stream was seen since to owe nothing.
    pub fn is_paid(&self) -> bool {
        self.closed_at.is_some_and(|end| self.withdrawn_at > end)
    }

    /// The moment at which the money is used up or was, if any is foreseen.
    pub fn depletion(&self) -> Option<u64> {
        self.clock.as_ref().and_then(|clock| clock.depletion)
    }
}

/// The clock of an escrow account, as its latest event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountClock {
    /// What was left at `anchor`, in base units times 3600.
    pub remaining: u128,
    /// Base units an hour.
    pub rate: Rate,
    /// Block time of the settlement.
    pub anchor: u64,
    /// When the money will be used up, or was.
    pub depletion: Option<u64>,
    /// Whether the clock stands for lack of money.
    pub depleted: bool,
    /// Whether the account is closed.
    pub closed: bool,
    /// Height of the state that says so.
    pub height: u64,
}

impl AccountClock {
    /// As an event says.
    pub fn of_event(event: &AccountChanged, height: u64) -> Self {
        Self {
            remaining: event.remaining,
            rate: event.rate,
            anchor: event.anchor,
            depletion: event.depletion,
            depleted: event.depleted,
            closed: event.closed,
            height,
        }
    }

    /// Whether the money is used up at `block_time`.
    pub fn is_depleted_at(&self, block_time: u64) -> bool {
        self.depleted || self.depletion.is_some_and(|moment| moment <= block_time)
    }
}

const SELECT: &str = "SELECT order_id, deployment, grp, owner, price, denom, account, state, \
     reason, created_at, closed_at, withdrawn_at, a.remaining, a.rate, a.anchor, a.depletion, \
     a.dry, a.closed, a.height FROM leases LEFT JOIN accounts a ON a.id = account";

fn read(row: &Row<'_>) -> rusqlite::Result<LeaseRow> {
    let known: Option<i64> = row.get("height")?;
    let clock = match known {
        None => None,
        Some(_) => Some(AccountClock {
            remaining: sql::word(row, "remaining")?,
            rate: sql::word(row, "rate")?,
            anchor: sql::uint(row, "anchor")?,
            depletion: sql::opt_uint(row, "depletion")?,
            depleted: row.get("dry")?,
            closed: row.get("closed")?,
            height: sql::uint(row, "height")?,
        }),
    };
    Ok(LeaseRow {
        order: OrderId(sql::uint(row, "order_id")?),
        group: GroupId {
            deployment: DeploymentId(sql::uint(row, "deployment")?),
            group: GroupSeq(sql::uint32(row, "grp")?),
        },
        tenant: row.get("owner")?,
        price: sql::word(row, "price")?,
        denom: sql::word(row, "denom")?,
        account: AccountId(sql::uint(row, "account")?),
        state: sql::word(row, "state")?,
        reason: sql::opt_parsed(row, "reason", CloseReason::from_stored)?,
        created_at: sql::uint(row, "created_at")?,
        closed_at: sql::opt_uint(row, "closed_at")?,
        withdrawn_at: sql::uint(row, "withdrawn_at")?,
        clock,
    })
}

/// One lease.
pub fn get(sql: &Connection, order: OrderId) -> Result<Option<LeaseRow>, StoreError> {
    let mut statement = sql.prepare_cached(&format!("{SELECT} WHERE order_id = ?1"))?;
    Ok(statement.query_row([sql::int(order.0)?], read).optional()?)
}

/// Leases that run or wait for money, by number.
pub fn active(sql: &Connection) -> Result<Vec<LeaseRow>, StoreError> {
    let query = format!("{SELECT} WHERE state = 'active' ORDER BY order_id");
    let mut statement = sql.prepare_cached(&query)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// All leases that are not forgotten, by number.
pub fn all(sql: &Connection) -> Result<Vec<LeaseRow>, StoreError> {
    let mut statement = sql.prepare_cached(&format!("{SELECT} ORDER BY order_id"))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts a lease there, or in place of what is there, but for `withdrawn_at`, which stays, and
/// for its clock, which has a function of its own.
pub fn put(tx: &Tx<'_>, row: &LeaseRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO leases (order_id, deployment, grp, owner, price, denom, account, state,
             reason, created_at, closed_at, withdrawn_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
             closed_at = excluded.closed_at",
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
    ])?;
    tx.touch(Topic::Leases);
    Ok(())
}

/// A lease ended.
pub fn close(
    tx: &Tx<'_>,
    order: OrderId,
    state: LeaseState,
    reason: CloseReason,
    closed_at: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE leases SET state = ?2, reason = ?3, closed_at = ?4 WHERE order_id = ?1",
    )?
    .execute(params![
        sql::int(order.0)?,
        state.to_string(),
        reason.as_stored(),
        sql::int(closed_at)?
    ])?;
    tx.touch(Topic::Leases);
    Ok(())
}

/// Its earnings were paid by then.
pub fn set_withdrawn(tx: &Tx<'_>, order: OrderId, block_time: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE leases SET withdrawn_at = ?2 WHERE order_id = ?1")?
        .execute(params![sql::int(order.0)?, sql::int(block_time)?])?;
    Ok(())
}

/// Whether any own lease is paid by this account.
pub fn is_paid_by(sql: &Connection, account: AccountId) -> Result<bool, StoreError> {
    let mut statement = sql.prepare_cached("SELECT 1 FROM leases WHERE account = ?1 LIMIT 1")?;
    Ok(statement.exists([sql::int(account.0)?])?)
}

/// An account as it is from `clock.height` on; older news than what is known is passed over.
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
    tx.touch(Topic::Leases);
    Ok(())
}

/// Forgets an ended lease whose objects are gone and whose earnings are paid.
pub fn forget(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    let id = sql::int(order.0)?;
    tx.prepare_cached("DELETE FROM leases WHERE order_id = ?1 AND state != 'active'")?
        .execute([id])?;
    tx.prepare_cached("DELETE FROM accounts WHERE id NOT IN (SELECT account FROM leases)")?
        .execute([])?;
    tx.touch(Topic::Leases);
    Ok(())
}
