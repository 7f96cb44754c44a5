//! The outbox as its users see it: enqueue in one's own SQLite transaction, look at outcomes.

use cosmrs::Any;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, types::Value};

use super::schema;
use crate::TxHash;
use crate::tx::messages_to_bytes;

/// Something to be sent once.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxItem {
    /// Names the intention, such as `bid/17`. Used once and for all: an item with a key that was
    /// ever enqueued is not enqueued again, whatever became of it.
    pub dedup_key: String,
    /// Executed in order, all or none, in one transaction with other items.
    pub msgs: Vec<Any>,
    /// Whatever the caller wants to find again with the outcome.
    pub meta: String,
    /// The messages make sense only in the state of this height or a later one, such as the
    /// height of the event that they answer; 0 for any. A node that lags behind it is not asked
    /// to judge them.
    pub presumes_height: u64,
    /// It is sent before all that waits, in a transaction without others, and to every endpoint at once: what
    /// holds up or fails the others does not concern it.
    pub urgent: bool,
}

impl OutboxItem {
    /// An item with these messages, without words of its own and for any height.
    pub fn new(dedup_key: impl Into<String>, msgs: Vec<Any>) -> Self {
        let dedup_key = dedup_key.into();
        Self { dedup_key, msgs, meta: String::new(), presumes_height: 0, urgent: false }
    }

    /// With words to be found again.
    #[must_use]
    pub fn meta(mut self, meta: impl Into<String>) -> Self {
        self.meta = meta.into();
        self
    }

    /// For the state of this height or a later one.
    #[must_use]
    pub fn presumes_height(mut self, height: u64) -> Self {
        self.presumes_height = height;
        self
    }

    /// Before all that waits. Of several such items the last enqueued goes first.
    #[must_use]
    pub fn urgent(mut self) -> Self {
        self.urgent = true;
        self
    }
}

/// What became of an [`Outbox::enqueue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the outbox now.
    New,
    /// It was in the outbox before; nothing was changed.
    Before(ItemState),
}

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemState {
    /// Waits for its turn.
    Queued,
    /// In a signed transaction that may have been broadcast.
    Signed {
        /// The transaction.
        tx_hash: TxHash,
    },
    /// Executed.
    Done {
        /// The transaction.
        tx_hash: TxHash,
        /// The block that it is in.
        height: u64,
    },
    /// Not executed, and it will not be tried again.
    Failed(Failure),
}

impl ItemState {
    /// Nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed(_))
    }
}

/// Why an item failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How far it came.
    pub kind: FailureKind,
    /// The chain's reason.
    pub reason: String,
    /// The transaction, if it was in one that was included.
    pub tx: Option<(TxHash, u64)>,
}

/// How far a failed item came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Refused before it cost anything.
    Refused,
    /// Included, and failed there: the fee was paid.
    Executed,
    /// It is unknown whether it was executed: the blocks in which it could be are
    /// gone. It is not tried again; look at the chain's state.
    Unknown,
}

impl FailureKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Executed => "executed",
            Self::Unknown => "unknown",
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "refused" => Self::Refused,
            "executed" => Self::Executed,
            _ => Self::Unknown,
        }
    }
}

/// An item as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRecord {
    /// Its key.
    pub dedup_key: String,
    /// The caller's own words.
    pub meta: String,
    /// Where it is.
    pub state: ItemState,
}

/// The outbox's face to the code that owns the database.
#[derive(Debug, Clone, Copy)]
pub struct Outbox;

const SELECT: &str = "
    SELECT i.dedup_key, i.meta, i.state, i.fail_kind, i.fail_reason, a.tx_hash, a.height
    FROM souk_tx_items i LEFT JOIN souk_tx_attempts a ON a.id = i.attempt";

const RANGE: &str = "WHERE i.dedup_key >= ?1 AND i.dedup_key < ?2";

/// The least text behind all that start with `prefix`; SQLite compares texts by their bytes, and a
/// blob is behind every text.
fn behind(prefix: &str) -> Value {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Value::Text(text);
        }
    }
    Value::Blob(Vec::new())
}

impl Outbox {
    /// Makes the tables if they are not there; safe to repeat.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn migrate(connection: &Connection) -> rusqlite::Result<()> {
        schema::migrate(connection)
    }

    /// Puts an item into the outbox as part of the caller's transaction. After the commit call
    /// [`super::PipelineHandle::wake`]. The caller's connection should have `synchronous=FULL`,
    /// so that the commit survives a loss of power.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn enqueue(tx: &Transaction<'_>, item: &OutboxItem) -> rusqlite::Result<Enqueued> {
        let inserted = tx
            .prepare_cached(
                // Items go by their number: what is urgent has one below zero, and below all others.
                "INSERT INTO souk_tx_items (id, dedup_key, messages, meta, presumes_height, state)
                 VALUES (CASE WHEN ?5 THEN (SELECT min(coalesce(min(id), 0), 0) - 1 FROM souk_tx_items) END,
                     ?1, ?2, ?3, ?4, 'queued') ON CONFLICT (dedup_key) DO NOTHING",
            )?
            .execute((
                &item.dedup_key,
                messages_to_bytes(&item.msgs),
                &item.meta,
                item.presumes_height,
                item.urgent,
            ))?;
        fail::fail_point!("outbox::after_enqueue");
        if inserted == 1 {
            return Ok(Enqueued::New);
        }
        match Self::outcome(tx, &item.dedup_key)? {
            Some(record) => Ok(Enqueued::Before(record.state)),
            None => Err(rusqlite::Error::QueryReturnedNoRows),
        }
    }

    /// Where the item with this key is; none if it was never enqueued.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn outcome(
        connection: &Connection,
        dedup_key: &str,
    ) -> rusqlite::Result<Option<OutcomeRecord>> {
        connection
            .prepare_cached(&format!("{SELECT} WHERE i.dedup_key = ?1"))?
            .query_row([dedup_key], read_record)
            .optional()
    }

    /// The gas that the transaction of an item asked for, the last if there were several; none before the first,
    /// or once it is forgotten.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn gas_limit(connection: &Connection, dedup_key: &str) -> rusqlite::Result<Option<u64>> {
        connection
            .prepare_cached(
                "SELECT a.gas_limit FROM souk_tx_items i JOIN souk_tx_attempts a ON a.id = i.attempt
                 WHERE i.dedup_key = ?1",
            )?
            .query_row([dedup_key], |row| row.get(0))
            .optional()
    }

    /// Items whose key starts with `prefix`, in the order of their enqueueing, what is urgent first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn list(connection: &Connection, prefix: &str) -> rusqlite::Result<Vec<OutcomeRecord>> {
        // A range, which the index of keys serves however many items there are.
        let mut statement =
            connection.prepare_cached(&format!("{SELECT} {RANGE} ORDER BY i.id"))?;
        let records = statement.query_map((prefix, behind(prefix)), read_record)?;
        records.collect()
    }

    /// Takes an item out again that is still queued; true if it was. Its key stays used, with
    /// `reason` as its outcome.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn cancel(tx: &Transaction<'_>, dedup_key: &str, reason: &str) -> rusqlite::Result<bool> {
        let changed = tx.execute(
            "UPDATE souk_tx_items SET state = 'failed', fail_kind = 'refused', fail_reason = ?2
             WHERE dedup_key = ?1 AND state = 'queued'",
            (dedup_key, reason),
        )?;
        Ok(changed == 1)
    }
}

impl Outbox {
    /// What is in this database was put back from a copy: another process may have sent it since. Queued
    /// items fail with `reason`. A signed transaction is looked for on the chain and never broadcast; if it
    /// turns out that it was not executed, its items fail likewise. True if there was any of either.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn disown(tx: &Transaction<'_>, reason: &str) -> rusqlite::Result<bool> {
        let queued = tx.execute(
            "UPDATE souk_tx_items SET state = 'failed', fail_kind = 'refused', fail_reason = ?1
             WHERE state = 'queued'",
            [reason],
        )?;
        let open =
            tx.execute("UPDATE souk_tx_attempts SET note = ?1 WHERE state = 'open'", [reason])?;
        Ok(queued + open > 0)
    }

    /// Deletes items that are done or failed, and transactions that no item refers to, both from before
    /// `before` (Unix seconds) and not in a block above `height`: at most `limit` of each. What is not
    /// final, or of which it is unknown whether it was executed, stays. The keys of deleted items can be
    /// used again. Returns how many items were deleted.
    ///
    /// # Errors
    /// If the database refuses.
    pub fn prune(
        tx: &Transaction<'_>,
        before: u64,
        height: u64,
        limit: u32,
    ) -> rusqlite::Result<usize> {
        let bounds = (before, height, limit);
        let pruned = tx.execute(
            "DELETE FROM souk_tx_items WHERE id IN (
                 SELECT i.id FROM souk_tx_items i LEFT JOIN souk_tx_attempts a ON a.id = i.attempt
                 WHERE i.state IN ('done', 'failed') AND i.enqueued_at < ?1
                     AND coalesce(i.fail_kind, '') != 'unknown' AND coalesce(a.height, 0) <= ?2
                 ORDER BY i.id LIMIT ?3)",
            bounds,
        )?;
        tx.execute(
            "DELETE FROM souk_tx_attempts WHERE id IN (
                 SELECT id FROM souk_tx_attempts
                 WHERE state IN ('included', 'dead') AND signed_at < ?1
                     AND coalesce(height, 0) <= ?2
                     AND id NOT IN (SELECT attempt FROM souk_tx_items WHERE attempt IS NOT NULL)
                 ORDER BY id LIMIT ?3)",
            bounds,
        )?;
        Ok(pruned)
    }
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<OutcomeRecord> {
    let hash = |row: &Row<'_>| -> rusqlite::Result<Option<TxHash>> {
        let text: Option<String> = row.get(5)?;
        text.map(|text| parse_hash(&text)).transpose()
    };
    let missing = || rusqlite::Error::IntegralValueOutOfRange(6, 0);
    let height = |row: &Row<'_>| -> rusqlite::Result<Option<u64>> { row.get(6) };
    let name: String = row.get(2)?;
    let state = match name.as_str() {
        "queued" => ItemState::Queued,
        "signed" => ItemState::Signed { tx_hash: hash(row)?.ok_or_else(missing)? },
        "done" => ItemState::Done {
            tx_hash: hash(row)?.ok_or_else(missing)?,
            height: height(row)?.ok_or_else(missing)?,
        },
        _ => ItemState::Failed(Failure {
            kind: FailureKind::read(&row.get::<_, Option<String>>(3)?.unwrap_or_default()),
            reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            tx: hash(row)?.zip(height(row)?),
        }),
    };
    Ok(OutcomeRecord { dedup_key: row.get(0)?, meta: row.get(1)?, state })
}

pub(super) fn parse_hash(text: &str) -> rusqlite::Result<TxHash> {
    text.parse().map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(keys: &[&str]) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        Outbox::migrate(&connection).unwrap();
        let tx = connection.transaction().unwrap();
        for key in keys {
            Outbox::enqueue(&tx, &OutboxItem::new(*key, Vec::new())).unwrap();
        }
        tx.commit().unwrap();
        connection
    }

    #[test]
    fn a_list_holds_what_starts_with_the_prefix_in_the_order_of_enqueueing() {
        let top = "bid/\u{10ffff}";
        let connection = outbox(&["bid/2", "bid/1", "bid", "bid0", "bie/1", top, "\u{d7ff}x"]);
        let list = |prefix: &str| {
            let all = Outbox::list(&connection, prefix).unwrap();
            all.into_iter().map(|record| record.dedup_key).collect::<Vec<_>>()
        };
        assert_eq!(list("bid/"), ["bid/2", "bid/1", top]);
        assert_eq!(list("bid/1"), ["bid/1"]);
        assert_eq!(list(top), [top]);
        assert_eq!(list("\u{d7ff}"), ["\u{d7ff}x"]);
        assert_eq!(list("").len(), 7);
    }

    #[test]
    fn what_is_urgent_stands_before_all_that_waits_whatever_was_sent_or_forgotten_before() {
        let mut connection = outbox(&["bid/1", "bid/2"]);
        let first = |connection: &Connection| {
            let all = Outbox::list(connection, "").unwrap();
            let waits = |record: &OutcomeRecord| record.state == ItemState::Queued;
            all.into_iter().find(waits).map(|record| record.dedup_key)
        };
        let enqueue = |connection: &mut Connection, item: &OutboxItem| {
            let tx = connection.transaction().unwrap();
            let done = Outbox::enqueue(&tx, item).unwrap();
            tx.commit().unwrap();
            done
        };
        for key in ["seen/1", "seen/2", "seen/3"] {
            let item = OutboxItem::new(key, Vec::new()).urgent();
            assert_eq!(enqueue(&mut connection, &item), Enqueued::New);
            assert_eq!(enqueue(&mut connection, &item), Enqueued::Before(ItemState::Queued));
            assert_eq!(first(&connection).as_deref(), Some(key));
            let tx = connection.transaction().unwrap();
            assert!(Outbox::cancel(&tx, key, "over").unwrap());
            tx.commit().unwrap();
            if key == "seen/2" {
                connection.execute("DELETE FROM souk_tx_items WHERE id < 0", []).unwrap();
            }
        }
        enqueue(&mut connection, &OutboxItem::new("bid/3", Vec::new()));
        assert_eq!(first(&connection).as_deref(), Some("bid/1"));
        assert_eq!(Outbox::gas_limit(&connection, "seen/3").unwrap(), None);
    }

    #[test]
    fn a_list_reads_no_other_items() {
        let connection = outbox(&[]);
        let plan = format!("EXPLAIN QUERY PLAN {SELECT} {RANGE} ORDER BY i.id");
        let mut plan = connection.prepare(&plan).unwrap();
        let bounds = ("bid/", behind("bid/"));
        let steps = plan.query_map(bounds, |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(steps[0].contains("SEARCH i USING INDEX"), "{steps:?}");
    }
}
