//! The outbox's tables, in the caller's database.

use rusqlite::Connection;

/// Makes the tables if they are not there. Part of the caller's migrations; safe to repeat.
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "
        CREATE TABLE IF NOT EXISTS souk_tx_identity (
            one      INTEGER PRIMARY KEY CHECK (one = 1),
            chain_id TEXT NOT NULL,
            address  TEXT NOT NULL
        ) STRICT;
        -- Signed transactions. At most one is open: it may be executed, or already was.
        CREATE TABLE IF NOT EXISTS souk_tx_attempts (
            id             INTEGER PRIMARY KEY AUTOINCREMENT,
            tx_hash        TEXT NOT NULL,
            tx_bytes       BLOB NOT NULL,
            sequence       INTEGER NOT NULL,
            base_height    INTEGER NOT NULL,
            timeout_height INTEGER NOT NULL,
            gas_limit      INTEGER NOT NULL,
            fee            TEXT NOT NULL,
            state          TEXT NOT NULL CHECK (state IN ('open', 'included', 'dead', 'unknown')),
            height         INTEGER,
            code           INTEGER,
            note           TEXT,
            signed_at      INTEGER NOT NULL DEFAULT (unixepoch())
        ) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS souk_tx_one_open
            ON souk_tx_attempts (state) WHERE state = 'open';
        CREATE TABLE IF NOT EXISTS souk_tx_items (
            id          INTEGER PRIMARY KEY AUTOINCREMENT,
            dedup_key   TEXT NOT NULL UNIQUE,
            messages    BLOB NOT NULL,
            meta        TEXT NOT NULL,
            presumes_height INTEGER NOT NULL DEFAULT 0,
            state       TEXT NOT NULL CHECK (state IN ('queued', 'signed', 'done', 'failed')),
            attempt     INTEGER REFERENCES souk_tx_attempts (id),
            fail_kind   TEXT,
            fail_reason TEXT,
            enqueued_at INTEGER NOT NULL DEFAULT (unixepoch())
        ) STRICT;
        CREATE INDEX IF NOT EXISTS souk_tx_items_by_state ON souk_tx_items (state, id);
        CREATE INDEX IF NOT EXISTS souk_tx_items_by_attempt ON souk_tx_items (attempt);
        ",
    )
}
