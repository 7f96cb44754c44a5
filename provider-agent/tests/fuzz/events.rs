//! Events of a block, as a node answers with them: read, applied to the store, and read back from there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{LazyLock, mpsc},
};

use bolero::check;
use serde_json::{Value, json};
use souk_chain::rpc::BlockResults;
use souk_client::events;
use souk_provider::{
    config::Config,
    market::{ProviderContext, apply},
    model::Cursor,
    store::{Store, StoreError, Tx, bids, lease_summaries, leases, marks, orders, pending},
};

use crate::{
    edits::{Cut, Edit, cut, edit},
    lease::{self, ADDRESS},
    measure::{Limit, alone},
};

/// An event is there as JSON, as texts, typed, and in the store.
const LIMIT: Limit = Limit { base: 2 << 20, per_byte: 192 };
/// The most events of a block here.
const MOST: usize = 12;
/// Rows that one event changes at most: of a lease by a quote its order and the bid that stands for it, and what is to
/// be fetched of order, lease, account and deployment.
const ROWS: u64 = 6;

/// All events of the contracts, one a line: its type and its attributes.
const GOOD: &str = include_str!("../../../packages/api/tests/events.golden.txt");

struct Fixture {
    runtime: tokio::runtime::Runtime,
    store: Store,
    config: Config,
    good: Vec<Value>,
    _folder: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = lease::folder();
    let config = lease::config(folder.path(), 1);
    let store = Store::open(&folder.path().join("events.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(lease::write(&store, &lease::leased()));
    let good = GOOD.lines().map(good).collect();
    Fixture { runtime, store, config, good, _folder: folder }
});

/// A line as an event of the chain. Texts are the provider's address, so that it is its bid and its lease.
fn good(line: &str) -> Value {
    let mut words = line.split(' ');
    let ty = words.next().unwrap();
    let pair = |word: &str| {
        let (key, value) = word.split_once('=').unwrap();
        json!({ "key": key, "value": if value == "text" { ADDRESS } else { value }, "index": true })
    };
    let origin = json!({ "key": "_contract_address", "value": ADDRESS });
    let attributes: Vec<Value> = [origin].into_iter().chain(words.map(pair)).collect();
    json!({ "type": format!("wasm-{ty}"), "attributes": attributes })
}

#[test]
fn any_events_of_a_block() {
    let alone = alone();
    check!().with_iterations(500).with_type::<(Vec<(u8, Vec<Edit>)>, Vec<Cut>)>().for_each(
        |(picked, cuts): &(Vec<(u8, Vec<Edit>)>, Vec<Cut>)| {
            let events = picked.iter().take(MOST).map(|(which, edits)| {
                let mut event = FIXTURE.good[usize::from(*which) % FIXTURE.good.len()].clone();
                edit(&mut event, edits);
                event
            });
            let mut text = results(events.collect());
            cut(&mut text, cuts);
            alone.within(LIMIT, text.len(), || take(&FIXTURE, &text));
        },
    );
}

#[test]
fn the_good_events_are_read_and_applied() {
    let _alone = alone();
    for (event, line) in FIXTURE.good.iter().zip(GOOD.lines()) {
        let (read, unreadable) = take(&FIXTURE, &results(vec![event.clone()])).unwrap();
        // Commitments are hexadecimal digits, and the fee distributor's events do not count.
        let expected = usize::from(!line.starts_with("souk_fees_"));
        assert_eq!((read, unreadable), (expected, 0), "{line}");
    }
}

fn results(events: Vec<Value>) -> Vec<u8> {
    let value = json!({ "height": "7", "txs_results": [
        { "code": 0, "gas_used": "5", "log": "", "data": "", "events": events }] });
    value.to_string().into_bytes()
}

/// How many events were read and applied, and how many could not be read; none if it cannot be read. Nothing
/// stays in the store.
fn take(fixture: &Fixture, text: &[u8]) -> Option<(usize, usize)> {
    let results: BlockResults = serde_json::from_slice(text).ok()?;
    let events = results.txs_results.iter().flat_map(|tx| &tx.events);
    let count = events.clone().count();
    let read = events::read(events, &fixture.config.chain.contracts().emitters());
    assert!(read.events.len() + read.unreadable.len() <= count);
    let unreadable: usize = read.unreadable.iter().map(|error| error.to_string().len()).sum();
    assert!(unreadable <= 512 * count + 8 * text.len(), "{unreadable} bytes of errors");
    let counts = (read.events.len(), read.unreadable.len());
    let (sender, outcome) = mpsc::channel();
    let write = fixture.store.write(move |tx| {
        // A panic is this test's and not the end of the store's thread.
        let written = catch_unwind(AssertUnwindSafe(|| written(tx, &read.events)));
        let _ = sender.send(written);
        // Nothing stays.
        Err::<(), _>(StoreError::Stopped)
    });
    let undone = fixture.runtime.block_on(write);
    assert!(matches!(undone, Err(StoreError::Stopped)));
    let written = outcome.recv().unwrap().unwrap_or_else(|panic| resume_unwind(panic));
    written.expect("the store takes whatever can be read");
    Some(counts)
}

fn written(tx: &Tx<'_>, events: &[events::MarketEvent]) -> Result<(), StoreError> {
    let context = ProviderContext { address: ADDRESS.to_owned(), controller: 0 };
    let at = Cursor { height: 7, time: 1_200 };
    let before = rows(tx)?;
    apply(tx, &context, at, events)?;
    let added = rows(tx)?.saturating_sub(before);
    assert!(added <= ROWS * events.len() as u64, "{added} rows of {} events", events.len());
    // What was written can be read.
    let read = (orders::open(tx)?, bids::all(tx)?, leases::all(tx)?, marks::all(tx)?);
    pending::list(tx, 1_000)?;
    orders::before_open(tx)?;
    let _ = (bids::releasing(tx)?, bids::over(tx, 1_200, 86_400)?);
    let _ = (leases::ended(tx)?, leases::without_manifest(tx)?, lease_summaries::all(tx)?);
    // Again, as after a crash before the cursor was known: nothing more.
    let once = rows(tx)?;
    apply(tx, &context, at, events)?;
    assert_eq!(rows(tx)?, once);
    drop(read);
    Ok(())
}

/// The rows of all tables.
fn rows(tx: &Tx<'_>) -> Result<u64, StoreError> {
    let mut tables = tx.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let names = tables.query_map([], |row| row.get::<_, String>(0))?;
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    let mut sum = 0;
    for name in names {
        sum +=
            tx.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get::<_, u64>(0))?;
    }
    Ok(sum)
}
