//! When the chain last saw the provider, and its last heartbeat.

use rusqlite::{Connection, OptionalExtension, params};

use super::{StoreError, Tx, sql};
use crate::model::{Cursor, heartbeat::Seen};

/// What is known of it; nothing in a new store.
///
/// # Errors
///
/// If the store fails.
pub fn get(sql: &Connection) -> Result<Seen, StoreError> {
    let mut statement =
        sql.prepare_cached("SELECT at, height, beat_at, beat_height FROM seen WHERE id = 0")?;
    let read = |row: &rusqlite::Row<'_>| {
        let moment = |time: &str, height: &str| {
            let both = sql::opt_uint(row, time)?.zip(sql::opt_uint(row, height)?);
            Ok::<_, rusqlite::Error>(both.map(|(time, height)| Cursor { height, time }))
        };
        Ok(Seen { at: moment("at", "height")?, beat: moment("beat_at", "beat_height")? })
    };
    Ok(statement.query_row([], read).optional()?.unwrap_or_default())
}

/// It was seen in this block, by an event; what is known of a later moment stays.
///
/// # Errors
///
/// If the store fails.
pub fn see(tx: &Tx<'_>, at: Cursor) -> Result<(), StoreError> {
    let known = get(tx)?.at;
    if known.is_some_and(|known| known.time >= at.time) {
        return Ok(());
    }
    put_at(tx, at)
}

/// It was last seen at this time by the chain's state after a block; what events said of later blocks stays.
///
/// # Errors
///
/// If the store fails.
pub fn correct(tx: &Tx<'_>, at: Cursor) -> Result<(), StoreError> {
    match get(tx)?.at {
        Some(known) if known.height > at.height => Ok(()),
        _ => put_at(tx, at),
    }
}

fn put_at(tx: &Tx<'_>, at: Cursor) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO seen (id, at, height) VALUES (0, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET at = excluded.at, height = excluded.height",
    )?
    .execute(params![sql::int(at.time)?, sql::int(at.height)?])?;
    Ok(())
}

/// A heartbeat was queued at this block.
///
/// # Errors
///
/// If the store fails.
pub fn set_beat(tx: &Tx<'_>, at: Cursor) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO seen (id, beat_at, beat_height) VALUES (0, ?1, ?2)
         ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, beat_height = excluded.beat_height",
    )?
    .execute(params![sql::int(at.time)?, sql::int(at.height)?])?;
    Ok(())
}
