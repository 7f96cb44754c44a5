//! What a released version stored is read by today's code, and today's code stores the same.
//!
//! The files are in `fixtures`; `SOUK_BLESS=1` writes that of the latest version again.

use std::path::Path;

use cosmrs::Any;
use rusqlite::Connection;

use super::store::{self, Ending, Fail, NewAttempt, SharedStore, StoredItem};
use super::{Failure, FailureKind, ItemState, Outbox, OutboxItem};
use crate::TxHash;
use crate::tx::messages_to_bytes;

const FIXTURE: &str = "src/pipeline/fixtures/0.1.0.sql";

fn message() -> Any {
    Any { type_url: "/cosmos.bank.v1beta1.MsgSend".into(), value: vec![1, 2, 254] }
}

fn hash(attempt: u8) -> TxHash {
    TxHash::of(&[attempt])
}

/// The outbox with items and attempts in every state.
fn fill(path: &Path) {
    let shared = SharedStore::open(path).unwrap();
    shared.claim("souk-1", "souk1operator").unwrap();
    let mut sql = Connection::open(path).unwrap();
    let tx = sql.transaction().unwrap();
    for (key, meta) in [
        ("bid/1", "for 1001"),
        ("bid/2", ""),
        ("bid/3", ""),
        ("bid/4", ""),
        ("bid/5", ""),
        ("bid/6", ""),
    ] {
        let item = OutboxItem::new(key, vec![message()]).meta(meta).presumes_height(12);
        Outbox::enqueue(&tx, &item).unwrap();
    }
    Outbox::cancel(&tx, "bid/6", "the order is closed").unwrap();
    tx.commit().unwrap();

    let executed = Some(Ending::Executed { height: 20 });
    let fail = Fail { item: 2, kind: FailureKind::Executed, reason: "out of slots".into() };
    let failed =
        Some(Ending::Failed { height: 21, code: 5, log: "out of slots".into(), fail: Some(fail) });
    let dead = Some(Ending::Dead { note: "sequence used by another".into(), fail: None });
    let unknown = Some(Ending::Unknown { note: "blocks are gone".into() });
    for (attempt, item, ending) in
        [(1, 1, executed), (2, 2, failed), (3, 3, dead), (4, 3, unknown), (5, 4, None)]
    {
        let new = NewAttempt {
            hash: hash(attempt),
            bytes: vec![attempt; 3],
            sequence: attempt.into(),
            base_height: 10,
            timeout_height: 30,
            gas_limit: 200_000,
            fee: "5000usouk".into(),
            items: vec![item],
        };
        assert!(store::store_attempt(&mut sql, &new).unwrap());
        if let Some(ending) = ending {
            store::end_attempt(&mut sql, attempt.into(), &ending).unwrap();
        }
    }
    // The columns that SQLite fills by the clock.
    sql.execute_batch(
        "UPDATE souk_tx_items SET enqueued_at = 1700000000;
         UPDATE souk_tx_attempts SET signed_at = 1700000001;",
    )
    .unwrap();
}

/// The tables with their rows, as statements that make them.
fn dump(path: &Path) -> String {
    let sql = Connection::open(path).unwrap();
    let texts = |query: &str| -> Vec<String> {
        let mut statement = sql.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let own = "FROM sqlite_schema WHERE name LIKE 'souk_tx_%'";
    let mut lines = texts(&format!("SELECT sql || ';' {own} ORDER BY rowid"));
    for table in texts(&format!("SELECT name {own} AND type = 'table' ORDER BY rowid")) {
        let columns = format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')");
        let values = texts(&columns).join("||','||");
        let insert = format!("'INSERT INTO {table} VALUES(' || {values} || ');'");
        lines.extend(texts(&format!("SELECT {insert} FROM {table}")));
    }
    lines.join("\n") + "\n"
}

fn fixture() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE)).unwrap()
}

#[test]
fn todays_code_stores_the_rows_of_the_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    fill(&path);
    let dump = dump(&path);
    if std::env::var_os("SOUK_BLESS").is_some_and(|value| value == "1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &dump).unwrap();
    }
    assert_eq!(dump, fixture());
}

#[test]
fn every_item_and_the_open_attempt_of_the_fixture_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    Connection::open(&path).unwrap().execute_batch(&fixture()).unwrap();
    let shared = SharedStore::open(&path).unwrap();
    shared.claim("souk-1", "souk1operator").unwrap();
    assert!(shared.claim("souk-1", "souk1other").is_err());

    let sql = Connection::open(&path).unwrap();
    let failed =
        |kind, reason: &str, tx| ItemState::Failed(Failure { kind, reason: reason.into(), tx });
    let states: Vec<_> = Outbox::list(&sql, "").unwrap().into_iter().map(|r| r.state).collect();
    let expected = [
        ItemState::Done { tx_hash: hash(1), height: 20 },
        failed(FailureKind::Executed, "out of slots", Some((hash(2), 21))),
        failed(FailureKind::Unknown, "blocks are gone", None),
        ItemState::Signed { tx_hash: hash(5) },
        ItemState::Queued,
        failed(FailureKind::Refused, "the order is closed", None),
    ];
    assert_eq!(states, expected);

    let open = store::open_attempt(&sql).unwrap().unwrap();
    assert_eq!((open.hash, open.sequence, open.bytes.as_slice()), (hash(5), 5, &[5; 3][..]));
    assert_eq!((open.base_height, open.timeout_height, open.gas_limit), (10, 30, 200_000));
    let item = |id, key: &str| StoredItem {
        id,
        dedup_key: key.into(),
        messages: messages_to_bytes(&[message()]),
        presumes_height: 12,
    };
    assert_eq!(store::items_of(&sql, open.id).unwrap(), [item(4, "bid/4")]);
    assert_eq!(store::queued(&sql, 10, 1_000).unwrap(), [item(5, "bid/5")]);
}
