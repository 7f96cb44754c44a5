//! Own leases that the provider takes back with notice. A row goes with its lease.

use rusqlite::{Row, params};
use souk_core::{CloseReason, OrderId};

use super::{StoreError, Topic, Tx, sql};
use crate::model::Reclaim;

/// The reclaim in a row of leases joined with all columns of reclaims, if there is one.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Reclaim>> {
    let Some(reason) = sql::opt_parsed(row, "why", CloseReason::from_stored)? else {
        return Ok(None);
    };
    Ok(Some(Reclaim {
        reason,
        deadline: sql::uint(row, "deadline")?,
        block: sql::uint(row, "from_block")?,
        ended: row.get("done")?,
    }))
}

/// Records that a lease is taken back: another notice than the one before, if that lapsed or a node made it up.
///
/// # Errors
///
/// If the store fails.
pub fn put(tx: &Tx<'_>, order: OrderId, reclaim: &Reclaim) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO reclaims (lease, why, deadline, from_block, done) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (lease) DO UPDATE SET why = excluded.why, deadline = excluded.deadline,
             from_block = excluded.from_block, done = excluded.done",
    )?
    .execute(params![
        sql::int(order.0)?,
        reclaim.reason.as_stored(),
        sql::int(reclaim.deadline)?,
        sql::int(reclaim.block)?,
        reclaim.ended,
    ])?;
    tx.lease_changed(order);
    tx.touch(Topic::Leases);
    Ok(())
}

/// Records that a lease is not taken back.
///
/// # Errors
///
/// If the store fails.
pub fn remove(tx: &Tx<'_>, order: OrderId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM reclaims WHERE lease = ?1")?.execute([sql::int(order.0)?])?;
    tx.lease_changed(order);
    tx.touch(Topic::Leases);
    Ok(())
}

/// Deletes the rows of leases that are gone.
///
/// # Errors
///
/// If the store fails.
pub(super) fn forget_gone(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM reclaims WHERE lease NOT IN (SELECT order_id FROM leases)")?
        .execute([])?;
    Ok(())
}
