//! A chain, a recording proxy before it and a funded key: what every test here starts from.

#![allow(clippy::unwrap_used, dead_code, unused_imports)]

pub mod contract;

use std::path::PathBuf;
use std::time::Duration;

use cosmwasm_std::coin;
use rusqlite::Connection;
use souk_chain::pipeline::{
    Enqueued, ItemState, OutboxItem, OutcomeRecord, PipelineConfig, PipelineError,
};
use souk_chain::tx::GasConfig;
use souk_chain::{
    Any, Client, ClientConfig, Coin, Outbox, Pipeline, PipelineHandle, SecretKey, Signer,
};
use souk_devchain::{Devchain, Handle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use souk_devchain::proxy::{self, Proxy};

pub const CHAIN: &str = "souk-test-1";
pub const PREFIX: &str = "souk";
pub const DENOM: &str = "usouk";
/// Longer than any step takes on a busy machine; reached only by a failure.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// The key with this number.
pub fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(&[n; 32]).unwrap()
}

pub fn address(n: u8) -> String {
    key(n).address(PREFIX).unwrap()
}

/// A chain on which keys 1 and 2 have coins and the slots contract is code 1.
pub fn chain() -> Devchain {
    let coins = || vec![coin(1_000_000_000, DENOM)];
    Devchain::builder()
        .chain_id(CHAIN)
        .prefix(PREFIX)
        .min_gas_price(25_000, DENOM)
        .account(address(1), coins())
        .account(address(2), coins())
        .code("slots", contract::slots)
}

/// Blocks come by themselves.
pub async fn running_chain() -> Handle {
    chain().block_time(Duration::from_millis(100)).start().await.unwrap()
}

/// Blocks come when asked for.
pub async fn manual_chain() -> Handle {
    chain().on_demand(Duration::from_secs(5)).start().await.unwrap()
}

/// Fast enough for tests, patient enough for a busy machine.
pub fn client_config(urls: &[String]) -> ClientConfig {
    ClientConfig {
        request_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        first_backoff: Duration::from_millis(50),
        max_backoff: Duration::from_millis(500),
        survey_interval: Duration::from_millis(200),
        ..ClientConfig::new(CHAIN, urls)
    }
}

pub fn client(url: &str) -> Client {
    Client::new(client_config(&[url.to_owned()])).unwrap()
}

pub fn gas() -> GasConfig {
    GasConfig::new("0.025usouk".parse().unwrap())
}

pub fn signer(url: &str, n: u8) -> Signer {
    Signer::new(client(url), key(n), PREFIX, gas()).unwrap().poll(Duration::from_millis(20))
}

pub fn pipeline_config() -> PipelineConfig {
    PipelineConfig {
        poll: Duration::from_millis(20),
        first_backoff: Duration::from_millis(20),
        max_backoff: Duration::from_millis(200),
        // Far away, so that a slow machine does not reach it by accident.
        timeout_blocks: 100_000,
        ..PipelineConfig::new(PREFIX, gas())
    }
}

/// Key 1 sends `amount` to key 3, who has nothing at first.
pub fn pay(amount: u128) -> Any {
    souk_chain::tx::send(&address(1), &address(3), &[Coin::new(amount, DENOM)])
}

/// A pipeline of key 1 over a database, as a process would run it.
pub struct Process {
    pub db: PathBuf,
    pub connection: Connection,
    pub handle: PipelineHandle,
    stop: CancellationToken,
    running: JoinHandle<Result<(), PipelineError>>,
}

impl Process {
    pub fn start(dir: &tempfile::TempDir, url: &str, config: PipelineConfig) -> Self {
        Self::with_client(dir.path().join("agent.db"), client(url), config)
    }

    pub fn with_client(db: PathBuf, client: Client, config: PipelineConfig) -> Self {
        let connection = open_db(&db);
        let pipeline = Pipeline::open(config, client, key(1), &db).unwrap();
        let handle = pipeline.handle();
        let stop = CancellationToken::new();
        let running = tokio::spawn(pipeline.run(stop.clone()));
        Self { db, connection, handle, stop, running }
    }

    /// Enqueues all in one transaction.
    pub fn enqueue(&mut self, items: &[(&str, Any)]) -> Vec<Enqueued> {
        let done = enqueue(&mut self.connection, items);
        self.handle.wake();
        done
    }

    pub async fn outcome(&self, key: &str) -> OutcomeRecord {
        let waiting = self.handle.wait(key);
        let waited = tokio::time::timeout(DEADLINE, waiting).await;
        waited.expect("no outcome in time").unwrap().unwrap()
    }

    pub async fn done(&self, key: &str) -> u64 {
        match self.outcome(key).await.state {
            ItemState::Done { height, .. } => height,
            other => panic!("{key} is {other:?}"),
        }
    }

    /// Waits for the first outcome of which `wanted` is true.
    pub async fn until(&self, key: &str, wanted: impl Fn(&ItemState) -> bool) -> ItemState {
        let mut changes = self.handle.changes();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                let record = self.handle.outcome(key).await.unwrap().unwrap();
                if wanted(&record.state) {
                    return record.state;
                }
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.unwrap()
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap().unwrap();
    }
}

pub fn open_db(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(DEADLINE).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    Outbox::migrate(&connection).unwrap();
    connection
}

pub fn enqueue(connection: &mut Connection, items: &[(&str, Any)]) -> Vec<Enqueued> {
    let tx = connection.transaction().unwrap();
    let done = items
        .iter()
        .map(|(key, msg)| {
            let item = OutboxItem::new(*key, vec![msg.clone()]);
            Outbox::enqueue(&tx, &item).unwrap()
        })
        .collect();
    tx.commit().unwrap();
    done
}

/// Asks again until it is so.
pub async fn eventually<F, Fut>(what: &str, mut check: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let waiting = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// What key 3 was paid.
pub async fn paid(url: &str) -> u128 {
    client(url).query().balance(&address(3), DENOM).await.unwrap()
}

pub fn is_signed(state: &ItemState) -> bool {
    matches!(state, ItemState::Signed { .. })
}

/// Makes blocks until the item is final.
pub async fn produce_until_final(chain: &Handle, process: &Process, key: &str) -> ItemState {
    eventually(key, || async {
        chain.produce_block().await.unwrap();
        let record = process.handle.outcome(key).await.unwrap().unwrap();
        record.state.is_final()
    })
    .await;
    process.outcome(key).await.state
}

/// Waits until the chain has a transaction that no block took yet.
pub async fn in_mempool(chain: &Handle) {
    eventually("a transaction in the mempool", || async {
        let waiting = chain.mempool_size();
        waiting.await.unwrap() > 0
    })
    .await;
}
