//! The actor's side of the outbox: each function is one durable step.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::error::PipelineError;
use super::outbox::{FailureKind, parse_hash};
use super::schema;
use crate::TxHash;

/// One connection, used by one caller at a time.
#[derive(Debug, Clone)]
pub(super) struct SharedStore(Arc<Mutex<Connection>>);

/// An item that waits, or that is in the open attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredItem {
    pub id: i64,
    pub dedup_key: String,
    pub messages: Vec<u8>,
    pub presumes_height: u64,
}

impl StoredItem {
    /// Whether it goes before the others: [`super::OutboxItem::urgent`].
    pub(super) fn is_urgent(&self) -> bool {
        self.id < 0
    }
}

/// A signed transaction that is to be stored.
#[derive(Debug, Clone)]
pub(super) struct NewAttempt {
    pub hash: TxHash,
    pub bytes: Vec<u8>,
    pub sequence: u64,
    pub base_height: u64,
    pub timeout_height: u64,
    pub gas_limit: u64,
    pub fee: String,
    pub items: Vec<i64>,
}

/// The attempt that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenAttempt {
    pub id: i64,
    pub hash: TxHash,
    pub bytes: Vec<u8>,
    pub sequence: u64,
    pub base_height: u64,
    pub timeout_height: u64,
    pub gas_limit: u64,
    /// It is from a copy of the database: it is looked for, and never broadcast.
    pub disowned: bool,
    /// It goes to every endpoint at once.
    pub urgent: bool,
}

/// An item that is to be failed.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub item: i64,
    pub kind: FailureKind,
    pub reason: String,
}

/// How an attempt ends.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    /// Included at this height with success: its items are done.
    Executed { height: u64 },
    /// Included, but failed: its items are queued again, save those that are failed.
    Failed { height: u64, code: u32, log: String, fail: Option<Fail> },
    /// Never executed: its items are queued again, save those that are failed.
    Dead { note: String, fail: Option<Fail> },
    /// Cannot be known: its items are failed.
    Unknown { note: String },
}

/// Runs a step on a thread that may block.
pub(super) async fn run<T, F>(store: &SharedStore, step: F) -> Result<T, PipelineError>
where
    T: Send + 'static,
    F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
{
    let store = store.clone();
    let joined = tokio::task::spawn_blocking(move || step(&mut store.0.lock())).await;
    match joined {
        Ok(done) => Ok(done?),
        Err(error) => Err(PipelineError::Stopped { reason: error.to_string() }),
    }
}

impl SharedStore {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::migrate(&connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Takes the outbox for this key and chain, or finds that it is another's.
    pub(super) fn claim(&self, chain_id: &str, address: &str) -> Result<(), PipelineError> {
        let connection = self.0.lock();
        connection.execute(
            "INSERT INTO souk_tx_identity (one, chain_id, address) VALUES (1, ?1, ?2)
             ON CONFLICT (one) DO NOTHING",
            (chain_id, address),
        )?;
        let (stored_chain_id, stored_address): (String, String) = connection.query_row(
            "SELECT chain_id, address FROM souk_tx_identity WHERE one = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if (stored_chain_id.as_str(), stored_address.as_str()) == (chain_id, address) {
            return Ok(());
        }
        Err(PipelineError::OtherIdentity {
            stored_address,
            stored_chain_id,
            address: address.to_owned(),
            chain_id: chain_id.to_owned(),
        })
    }
}

pub(super) fn open_attempt(connection: &Connection) -> rusqlite::Result<Option<OpenAttempt>> {
    connection
        .prepare_cached(
            "SELECT id, tx_hash, tx_bytes, sequence, base_height, timeout_height, gas_limit,
                 note IS NOT NULL,
                 EXISTS (SELECT 1 FROM souk_tx_items WHERE attempt = souk_tx_attempts.id AND id < 0)
             FROM souk_tx_attempts WHERE state = 'open'",
        )?
        .query_row([], |row| {
            Ok(OpenAttempt {
                id: row.get(0)?,
                hash: parse_hash(&row.get::<_, String>(1)?)?,
                bytes: row.get(2)?,
                sequence: row.get(3)?,
                base_height: row.get(4)?,
                timeout_height: row.get(5)?,
                gas_limit: row.get(6)?,
                disowned: row.get(7)?,
                urgent: row.get(8)?,
            })
        })
        .optional()
}

pub(super) fn queued_count(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM souk_tx_items WHERE state = 'queued'")?
        .query_row([], |row| row.get(0))
}

/// Whether anything urgent is queued.
pub(super) fn urgent_waits(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM souk_tx_items WHERE state = 'queued' AND id < 0 LIMIT 1")?
        .exists([])
}

/// The queued items that go next, in order: at least one if there is any, else up to the bounds. What is urgent
/// has no others beside it.
pub(super) fn queued(
    connection: &Connection,
    max_items: usize,
    max_bytes: usize,
) -> rusqlite::Result<Vec<StoredItem>> {
    let limit = i64::try_from(max_items.max(1)).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT id, dedup_key, messages, presumes_height FROM souk_tx_items
         WHERE state = 'queued' ORDER BY id LIMIT ?1",
    )?;
    let mut items: Vec<StoredItem> = Vec::new();
    let mut bytes = 0usize;
    for item in statement.query_map([limit], read_item)? {
        let item = item?;
        bytes = bytes.saturating_add(item.messages.len());
        let others = items.last().is_some_and(|last| last.is_urgent() != item.is_urgent());
        if others || !items.is_empty() && bytes > max_bytes {
            break;
        }
        items.push(item);
    }
    Ok(items)
}

pub(super) fn items_of(connection: &Connection, attempt: i64) -> rusqlite::Result<Vec<StoredItem>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, dedup_key, messages, presumes_height FROM souk_tx_items WHERE attempt = ?1 ORDER BY id",
    )?;
    let items = statement.query_map([attempt], read_item)?;
    items.collect()
}

fn read_item(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredItem> {
    Ok(StoredItem {
        id: row.get(0)?,
        dedup_key: row.get(1)?,
        messages: row.get(2)?,
        presumes_height: row.get(3)?,
    })
}

/// Stores a signed transaction and ties its items to it. False, and nothing stored, if an item
/// is no longer queued (its owner took it back).
pub(super) fn store_attempt(
    connection: &mut Connection,
    new: &NewAttempt,
) -> rusqlite::Result<bool> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO souk_tx_attempts
         (tx_hash, tx_bytes, sequence, base_height, timeout_height, gas_limit, fee, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open')",
        (
            new.hash.to_string(),
            &new.bytes,
            new.sequence,
            new.base_height,
            new.timeout_height,
            new.gas_limit,
            &new.fee,
        ),
    )?;
    let attempt = tx.last_insert_rowid();
    for item in &new.items {
        let changed = tx
            .prepare_cached(
                "UPDATE souk_tx_items SET state = 'signed', attempt = ?2
                 WHERE id = ?1 AND state = 'queued'",
            )?
            .execute((item, attempt))?;
        if changed != 1 {
            tx.rollback()?;
            return Ok(false);
        }
    }
    tx.commit()?;
    Ok(true)
}

/// Ends the open attempt and settles its items, in one durable step.
pub(super) fn end_attempt(
    connection: &mut Connection,
    attempt: i64,
    ending: &Ending,
) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Of an attempt from a copy, why its items are not sent again.
    let disowned: Option<String> = tx
        .query_row("SELECT note FROM souk_tx_attempts WHERE id = ?1", [attempt], |row| row.get(0))
        .optional()?
        .flatten();
    let (state, height, code, note) = match ending {
        Ending::Executed { height } => ("included", Some(*height), Some(0), None),
        Ending::Failed { height, code, log, .. } => {
            ("included", Some(*height), Some(*code), Some(log))
        }
        Ending::Dead { note, .. } => ("dead", None, None, Some(note)),
        Ending::Unknown { note } => ("unknown", None, None, Some(note)),
    };
    // The bytes are of no use any more, and large.
    tx.execute(
        "UPDATE souk_tx_attempts
         SET state = ?2, height = ?3, code = ?4, note = ?5, tx_bytes = x''
         WHERE id = ?1 AND state = 'open'",
        (attempt, state, height, code, note),
    )?;
    match ending {
        Ending::Executed { .. } => {
            tx.execute(
                "UPDATE souk_tx_items SET state = 'done', messages = x''
                 WHERE attempt = ?1 AND state = 'signed'",
                [attempt],
            )?;
        }
        Ending::Unknown { note } => {
            tx.execute(
                "UPDATE souk_tx_items
                 SET state = 'failed', fail_kind = ?2, fail_reason = ?3
                 WHERE attempt = ?1 AND state = 'signed'",
                (attempt, FailureKind::Unknown.name(), note),
            )?;
        }
        Ending::Failed { fail, .. } | Ending::Dead { fail, .. } => {
            if let Some(fail) = fail {
                fail_item(&tx, fail)?;
            }
            if let Some(reason) = disowned {
                tx.execute(
                    "UPDATE souk_tx_items
                     SET state = 'failed', fail_kind = ?2, fail_reason = ?3, attempt = NULL
                     WHERE attempt = ?1 AND state = 'signed'",
                    (attempt, FailureKind::Refused.name(), reason),
                )?;
            }
            tx.execute(
                "UPDATE souk_tx_items SET state = 'queued', attempt = NULL
                 WHERE attempt = ?1 AND state = 'signed'",
                [attempt],
            )?;
        }
    }
    tx.commit()
}

/// Fails an item that is not final yet.
pub(super) fn fail_item(connection: &Connection, fail: &Fail) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE souk_tx_items SET state = 'failed', fail_kind = ?2, fail_reason = ?3
         WHERE id = ?1 AND state IN ('queued', 'signed')",
        (fail.item, fail.kind.name(), &fail.reason),
    )?;
    Ok(())
}
