//! What a released version stored is read by today's code, and today's code stores the same.
//!
//! The files are in `fixtures`: one of each version whose tables differ. `SOUK_BLESS=1` writes the last
//! again.

mod records;

use std::{os::unix::fs::OpenOptionsExt, path::Path};

use souk_api::orderbook::LeaseState;
use souk_chain::{
    Outbox,
    pipeline::{Failure, FailureKind, ItemState, OutboxItem},
};
use souk_core::{
    AccountId, Attribute, AuctionPolicy, CloseReason, Denom, DeploymentId, GroupId, GroupSeq,
    GroupSpec, GroupUnit, Price, Rate, Requirements, Resources, Volume,
};

use self::records::{Rows, items, rows};
use super::{quotes::QuotesOut, *};
use crate::model::heartbeat::Seen;
use crate::model::kept::{Kept, KeptVolume};
use crate::model::placement::{GpuModel, Placement, Requests};
use crate::model::quoting::{Asker, OpenQuote, QuoteReservation, UNUSED};
use crate::model::{AccountClock, Bid, BidProgress, Mark, OrderDetail, Reclaim};

/// What 0.1.0 stored, before there was a table of what was applied.
const FIXTURE_0_1_0: &str = "src/store/fixtures/0.1.0.sql";
/// What today's code stores.
const FIXTURE: &str = "src/store/fixtures/0.2.0.sql";

/// Writes all of it; twice is once.
async fn write(store: &Store) {
    let rows = rows();
    store.bind_market(rows.market.clone().unwrap()).await.unwrap();
    let written: Result<(), StoreError> = store
        .write(move |tx| {
            cursor::set(tx, rows.cursor.unwrap())?;
            unreadable::mark(tx, rows.unread.unwrap())?;
            rows.orders.iter().try_for_each(|row| orders::put(tx, row))?;
            rows.bids.iter().try_for_each(|row| bids::put(tx, row))?;
            for row in &rows.leases {
                leases::put(tx, row)?;
                row.clock.iter().try_for_each(|c| leases::put_clock(tx, row.account, c))?;
            }
            rows.deployments.iter().try_for_each(|row| deployments::put(tx, row))?;
            rows.manifests.iter().try_for_each(|row| manifests::put(tx, row))?;
            for row in &rows.decisions {
                decisions::put(tx, row)?;
            }
            rows.reservations.iter().try_for_each(|row| reservations::put(tx, row))?;
            for host in &rows.hostnames {
                hostnames::claim(tx, host, OrderId(1))?.unwrap();
            }
            rows.marks.iter().try_for_each(|row| marks::put(tx, row))?;
            let known = pending::list(tx, 10)?;
            for row in rows.pending.iter().filter(|row| !known.contains(row)) {
                pending::add(tx, row.kind, row.id, row.height)?;
                let failed = row.last_error.iter();
                failed.clone().try_for_each(|why| pending::failed(tx, row.kind, row.id, why))?;
            }
            rows.applied.iter().try_for_each(|row| applied::put(tx, row))?;
            tx.execute("INSERT OR REPLACE INTO digest_key VALUES (0, x'0102')", [])?;
            copies::set_identity(tx, &rows.identity.unwrap())?;
            copies::mark(tx, rows.restored.unwrap())?;
            taken_up::set(tx, rows.taken_up.unwrap())?;
            seen::correct(tx, rows.seen.at.unwrap())?;
            seen::set_beat(tx, rows.seen.beat.unwrap())?;
            if quotes::all(tx)?.is_empty() {
                quotes::next_nonce(tx, 1_700_000_990)?;
                rows.quotes.iter().try_for_each(|row| quotes::add(tx, row))?;
            }
            quotes::set_out(tx, Some("00ff"), 1_700_000_900)?;
            for row in &rows.kept {
                kept_volumes::keep(tx, row, &Default::default())?;
            }
            for item in items() {
                Outbox::enqueue(tx, &item)?;
            }
            Outbox::cancel(tx, "withdraw/1/5", "the lease is paid")?;
            // The one column that SQLite fills by the clock.
            tx.execute("UPDATE souk_tx_items SET enqueued_at = 1700000000", [])?;
            Ok(())
        })
        .await;
    written.unwrap();
}

/// Reads all of it.
async fn read(store: &Store) -> Rows {
    fn each<T>(
        ids: std::ops::RangeInclusive<u64>,
        get: impl Fn(u64) -> Result<Option<T>, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        ids.filter_map(|id| get(id).transpose()).collect()
    }
    let rows: Result<Rows, StoreError> = store
        .read(|sql| {
            Ok(Rows {
                cursor: cursor::get(sql)?,
                market: market::get(sql)?,
                unread: unreadable::get(sql)?,
                orders: each(1..=9, |id| orders::get(sql, OrderId(id)))?,
                bids: bids::all(sql)?,
                leases: leases::all(sql)?,
                deployments: each(1..=9, |id| deployments::get(sql, DeploymentId(id)))?,
                manifests: each(1..=9, |id| manifests::get(sql, OrderId(id)))?,
                decisions: each(1..=9, |id| decisions::get(sql, OrderId(id)))?,
                reservations: reservations::all(sql)?,
                hostnames: hostnames::of(sql, OrderId(1))?,
                marks: marks::all(sql)?,
                pending: pending::list(sql, 10)?,
                applied: applied::all(sql)?,
                identity: copies::identity(sql)?,
                restored: copies::restored_at(sql)?,
                taken_up: taken_up::get(sql)?,
                kept: kept_volumes::all(sql)?,
                seen: seen::get(sql)?,
                quotes: quotes::all(sql)?,
                quotes_out: quotes::out(sql)?,
            })
        })
        .await;
    rows.unwrap()
}

/// The tables with their rows, as statements that make them.
async fn dump(store: &Store) -> String {
    fn texts(sql: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
        sql.prepare(query)?.query_map([], |row| row.get(0))?.collect()
    }
    let dumped: Result<Vec<String>, StoreError> = store
        .read(|sql| {
            let version: i64 = sql.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let mut lines = vec![format!("PRAGMA user_version = {version};")];
            let own = "sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
            lines.extend(texts(sql, &format!("SELECT sql || ';' FROM sqlite_schema WHERE {own}"))?);
            let tables = format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND {own}");
            for table in texts(sql, &tables)? {
                let columns =
                    format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')");
                let values = texts(sql, &columns)?.join("||','||");
                lines.extend(texts(
                    sql,
                    &format!(
                        "SELECT 'INSERT INTO {table} VALUES(' || {values} || ');' FROM {table}"
                    ),
                )?);
            }
            Ok(lines)
        })
        .await;
    dumped.unwrap().join("\n") + "\n"
}

fn rows_of(dump: &str) -> Vec<&str> {
    dump.lines().filter(|line| line.starts_with("INSERT")).collect()
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// A store with the rows of a fixture, opened by today's code.
fn restored(folder: &Path, name: &str) -> Store {
    restored_with(folder, name, "")
}

/// The same with more statements before today's code opens it.
fn restored_with(folder: &Path, name: &str, more: &str) -> Store {
    let path = folder.join("agent.db");
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    drop(file.unwrap());
    Connection::open(&path).unwrap().execute_batch(&(fixture(name) + more)).unwrap();
    Store::open(&path).unwrap()
}

#[tokio::test]
async fn todays_code_stores_the_rows_of_the_fixture() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("agent.db")).unwrap();
    write(&store).await;
    let dump = dump(&store).await;
    if std::env::var_os("SOUK_BLESS").is_some_and(|value| value == "1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURE);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &dump).unwrap();
    }
    for (now, fixture) in dump.lines().zip(fixture(FIXTURE).lines()) {
        assert_eq!(now, fixture);
    }
    assert_eq!(dump.len(), fixture(FIXTURE).len());
}

#[tokio::test]
async fn every_record_of_an_older_version_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = restored(folder.path(), FIXTURE_0_1_0);
    // Nothing was taken back with notice then, and nobody was absent.
    let old = |lease| Lease { reclaim: None, absence_limit: None, paid_until: None, ..lease };
    let leases = rows().leases.into_iter().map(old).collect();
    // The details of an order that is still open are fetched again.
    let again =
        PendingRow { kind: Pending::Order, id: 3, height: 100, attempts: 0, last_error: None };
    let expected = Rows {
        leases,
        pending: [vec![again], records::pending()].concat(),
        applied: Vec::new(),
        identity: None,
        restored: None,
        taken_up: None,
        kept: Vec::new(),
        seen: Seen::default(),
        quotes: Vec::new(),
        quotes_out: None,
        ..rows()
    };
    assert_eq!(read(&store).await, expected);
}

#[tokio::test]
async fn what_an_older_version_knew_of_an_open_order_is_fetched_again_before_it_is_bid_on() {
    let folder = tempfile::tempdir().unwrap();
    let more = "CREATE TEMP TABLE copies AS SELECT * FROM orders WHERE id = 3;
        UPDATE copies SET id = 6; INSERT INTO orders SELECT * FROM copies;
        UPDATE copies SET id = 7; INSERT INTO orders SELECT * FROM copies;
        UPDATE copies SET id = 8, open = 0; INSERT INTO orders SELECT * FROM copies;";
    let store = restored_with(folder.path(), FIXTURE_0_1_0, more);
    let known = store
        .read(|sql| {
            let mut known = Vec::new();
            for id in [3, 6, 7, 8] {
                let order = orders::get(sql, OrderId(id))?;
                let is_known = order.is_some_and(|order| order.detail.is_some());
                known.push((id, is_known, pending::has(sql, Pending::Order, id)?));
            }
            Ok::<_, StoreError>(known)
        })
        .await;
    // The third is leased, the bid on the sixth was refused, the eighth is over.
    let expected = [(3, true, true), (6, false, true), (7, false, true), (8, true, false)];
    assert_eq!(known.unwrap(), expected);
}

#[tokio::test]
async fn every_record_of_the_fixture_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = restored(folder.path(), FIXTURE);
    assert_eq!(read(&store).await, rows());
    let outbox = store.read(|sql| Ok::<_, StoreError>(Outbox::list(sql, "")?)).await.unwrap();
    let states: Vec<_> =
        outbox.into_iter().map(|item| (item.dedup_key, item.meta, item.state)).collect();
    let failure =
        Failure { kind: FailureKind::Refused, reason: "the lease is paid".into(), tx: None };
    let expected = [
        ("bid/1/0".into(), "for 1001".into(), ItemState::Queued),
        ("withdraw/1/5".into(), String::new(), ItemState::Failed(failure)),
    ];
    assert_eq!(states, expected);
}

#[tokio::test]
async fn writing_the_records_of_the_fixture_over_it_changes_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = restored(folder.path(), FIXTURE);
    let before = dump(&store).await;
    write(&store).await;
    assert_eq!(rows_of(&dump(&store).await), rows_of(&before));
}

#[tokio::test]
async fn the_fixture_has_rows_in_every_table() {
    let fixture = fixture(FIXTURE);
    for line in fixture.lines().filter(|line| line.starts_with("CREATE TABLE")) {
        let table = line.split_whitespace().nth(2).unwrap();
        let insert = format!("INSERT INTO {table} ");
        // What the pipeline signed has a fixture beside it.
        let elsewhere = ["souk_tx_identity", "souk_tx_attempts"].contains(&table);
        assert!(elsewhere || fixture.contains(&insert), "{table} has no row");
    }
}
