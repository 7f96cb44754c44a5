//! Sends a transaction so that it is executed at most once, also when this process is killed in
//! between: the signed bytes are in a database before any node sees them, and the next run first
//! finds out what became of them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use souk_chain::{
    Any, Client, Outbox, Pipeline, PipelineHandle, SecretKey, TxHash,
    pipeline::{FailureKind, ItemState, OutboxItem, OutcomeRecord, PipelineConfig},
    rpc::TxLookup,
    tx::GasConfig,
};
use souk_client::{Error, Network};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the chain is looked at while a transaction is under way.
const POLL: Duration = Duration::from_millis(200);
/// How long a transaction may wait for coins, for a node or for a cheaper chain.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The durable sender of one key on one network.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    client: Client,
    handle: PipelineHandle,
    stop: CancellationToken,
    running: JoinHandle<Result<(), souk_chain::pipeline::PipelineError>>,
}

/// A transaction that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its hash.
    pub hash: TxHash,
    /// Its block.
    pub height: u64,
    /// Gas that it used, if a node keeps an index.
    pub gas_used: Option<u64>,
}

impl Journal {
    /// Where the journal of a network file and an account is: beside the network file.
    pub fn path(network_file: &Path, address: &str) -> PathBuf {
        network_file.with_extension(format!("{address}.sqlite"))
    }

    /// Opens the journal. What was signed before and is not settled is settled first; what was
    /// written down but never signed is dropped, since the plan may have changed.
    pub async fn open(
        path: &Path,
        client: Client,
        key: SecretKey,
        network: &Network,
    ) -> Result<Self> {
        let gas = GasConfig::new(network.gas_price.clone());
        let config = PipelineConfig { poll: POLL, ..PipelineConfig::new(&network.prefix, gas) };
        let pipeline = Pipeline::open(config, client.clone(), key, path)
            .with_context(|| format!("the journal {}", path.display()))?;
        let unsettled = in_database(path, drop_queued)?;
        let (handle, stop) = (pipeline.handle(), CancellationToken::new());
        let running = tokio::spawn(pipeline.run(stop.clone()));
        let journal = Self { path: path.to_owned(), client, handle, stop, running };
        for item in unsettled {
            // Whatever came of it: the chain is looked at afterwards.
            journal.settled(&item.dedup_key).await?;
        }
        Ok(journal)
    }

    /// Sends messages in one transaction and waits until they are executed.
    pub async fn send(&self, what: &str, messages: Vec<Any>) -> Result<Executed> {
        let key = in_database(&self.path, |database| {
            let number = Outbox::list(database, "")?.len();
            let item = OutboxItem::new(format!("{number}"), messages).meta(what);
            let transaction = database.transaction()?;
            Outbox::enqueue(&transaction, &item)?;
            transaction.commit()?;
            Ok(item.dedup_key)
        })?;
        self.handle.wake();
        match self.settled(&key).await?.state {
            ItemState::Done { tx_hash, height } => {
                let gas_used = match self.client.tx(&tx_hash).await {
                    Ok(TxLookup::Found(found)) => Some(found.result.gas_used),
                    _ => None,
                };
                Ok(Executed { hash: tx_hash, height, gas_used })
            }
            ItemState::Failed(failure) => {
                let reason = match failure.kind {
                    FailureKind::Refused | FailureKind::Executed => failure.reason,
                    FailureKind::Unknown => format!(
                        "{}; whether it was executed is not known, run the command again to see",
                        failure.reason
                    ),
                };
                Err(Error::Refused { action: what.to_owned(), reason }.into())
            }
            state => anyhow::bail!("the journal left `{what}` as {state:?}"),
        }
    }

    /// Waits until nothing of the item can change any more.
    async fn settled(&self, key: &str) -> Result<OutcomeRecord> {
        let mut failing_since: Option<Instant> = None;
        loop {
            let record = self.handle.outcome(key).await?;
            let record = record.context("the journal lost an entry")?;
            if record.state.is_final() {
                return Ok(record);
            }
            let last_error = self.handle.status().borrow().last_error.clone();
            match last_error {
                None => failing_since = None,
                Some(last_error)
                    if failing_since.is_some_and(|since| since.elapsed() > TIMEOUT) =>
                {
                    return Err(Error::TimedOut {
                        what: format!("`{}` ({last_error})", record.meta),
                        seconds: TIMEOUT.as_secs(),
                        next: "put that right and run the command again: nothing is sent twice"
                            .to_owned(),
                    }
                    .into());
                }
                Some(_) => failing_since = failing_since.or_else(|| Some(Instant::now())),
            }
            if self.running.is_finished() {
                anyhow::bail!("the journal {} cannot be used any more", self.path.display());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Takes back what no node has seen; gives what may be under way.
fn drop_queued(database: &mut Connection) -> rusqlite::Result<Vec<OutcomeRecord>> {
    let transaction = database.transaction()?;
    let items = Outbox::list(&transaction, "")?;
    for item in items.iter().filter(|item| item.state == ItemState::Queued) {
        Outbox::cancel(&transaction, &item.dedup_key, "dropped by a later run")?;
    }
    transaction.commit()?;
    let signed = |item: &OutcomeRecord| matches!(item.state, ItemState::Signed { .. });
    Ok(items.into_iter().filter(signed).collect())
}

fn in_database<R>(
    path: &Path,
    work: impl FnOnce(&mut Connection) -> rusqlite::Result<R>,
) -> Result<R> {
    let mut database = Connection::open(path)?;
    database.busy_timeout(Duration::from_secs(10))?;
    database.pragma_update(None, "synchronous", "FULL")?;
    Outbox::migrate(&database)?;
    Ok(work(&mut database)?)
}
