//! The thread that writes, with its transactions, and the threads that read beside it: a long read
//! holds up no commit.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt,
    fs::OpenOptions,
    ops::Deref,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use souk_core::OrderId;
use tokio::sync::oneshot;

use super::{StoreError, Topic, notify::Notifier, schema};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Threads that read at once.
const READERS: usize = 2;
/// Pages that a connection keeps, in KiB if it is negative: the system has them, too.
const CACHE: i32 = -512;
/// How long a connection waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The sending side of the store's threads, which end with the last sender.
pub(super) struct Worker {
    writes: mpsc::Sender<Job>,
    reads: mpsc::Sender<Job>,
    notifier: Notifier,
    /// Since when the writing thread does its present work.
    writing: Arc<Mutex<Option<Instant>>>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

/// One transaction. Statements run on it as on a connection; it collects the topics to notify, and
/// the leases and orders that it changes.
pub struct Tx<'c> {
    sql: rusqlite::Transaction<'c>,
    touched: RefCell<Vec<Topic>>,
    changed: RefCell<BTreeSet<OrderId>>,
    orders: RefCell<BTreeSet<OrderId>>,
}

impl<'c> Tx<'c> {
    fn begin(connection: &'c mut Connection) -> Result<Self, StoreError> {
        Ok(Self {
            sql: connection.transaction_with_behavior(TransactionBehavior::Immediate)?,
            touched: RefCell::default(),
            changed: RefCell::default(),
            orders: RefCell::default(),
        })
    }
}

impl Tx<'_> {
    /// Publishes that something of the lease of `order` changed, once the transaction is committed.
    pub fn lease_changed(&self, order: OrderId) {
        self.changed.borrow_mut().insert(order);
    }

    /// Publishes that something of an order changed that decides about a bid, once the transaction is
    /// committed: the order, the own bid, its reservation, whether it is a lease.
    pub fn order_changed(&self, order: OrderId) {
        self.orders.borrow_mut().insert(order);
    }

    /// Notifies the listeners of `topic` once the transaction is committed.
    pub fn touch(&self, topic: Topic) {
        let mut touched = self.touched.borrow_mut();
        if !touched.contains(&topic) {
            touched.push(topic);
        }
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = rusqlite::Transaction<'c>;
    fn deref(&self) -> &Self::Target {
        &self.sql
    }
}

impl Worker {
    pub(super) fn open(path: &Path, notifier: Notifier) -> Result<Self, StoreError> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "cache_size", CACHE)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(128);
        schema::migrate(&mut connection, path)?;
        souk_chain::Outbox::migrate(&connection)?;

        let (writes, queue) = mpsc::channel::<Job>();
        let writing = Arc::new(Mutex::new(None));
        let run = {
            let writing = Arc::clone(&writing);
            move || {
                for job in queue {
                    *writing.lock() = Some(Instant::now());
                    job(&mut connection);
                    *writing.lock() = None;
                }
            }
        };
        let file = |error| StoreError::File { path: path.to_owned(), error };
        std::thread::Builder::new().name("store".into()).spawn(run).map_err(file)?;

        let (reads, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..READERS {
            let (mut connection, queue) = (reader(path)?, Arc::clone(&queue));
            let next = move || queue.lock().recv();
            let run = move || {
                while let Ok(job) = next() {
                    job(&mut connection);
                }
            };
            std::thread::Builder::new().name("store-reader".into()).spawn(run).map_err(file)?;
        }
        Ok(Self { writes, reads, notifier, writing })
    }

    /// For how long the present write goes on; none if nothing is written.
    pub(super) fn writing_for(&self) -> Option<Duration> {
        self.writing.lock().map(|since| since.elapsed())
    }

    /// Runs `work` on a reading thread, in one transaction: it sees one state of the store.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.reads, move |connection| {
            let tx = connection
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .map_err(StoreError::from)?;
            work(&tx)
        })
        .await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let notifier = self.notifier.clone();
        run(&self.writes, move |connection| {
            let tx = Tx::begin(connection)?;
            let value = work(&tx)?;
            tx.sql.commit().map_err(StoreError::from)?;
            notifier.publish(&tx.changed.into_inner(), &tx.orders.into_inner());
            notifier.wake(&tx.touched.into_inner());
            Ok(value)
        })
        .await
    }
}

/// Runs `work` to its end, even if the caller is dropped meanwhile.
async fn run<T, E>(
    jobs: &mpsc::Sender<Job>,
    work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (answer, result) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        // The caller may be dropped.
        let _ = answer.send(work(connection));
    });
    jobs.send(job).map_err(|_| StoreError::Stopped)?;
    result.await.map_err(|_| StoreError::Stopped)?
}

/// Runs `work` in one transaction on a store that nobody else has, and closes it: all is in the one file then.
pub(super) fn once<T>(
    path: &Path,
    work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    schema::migrate(&mut connection, path)?;
    souk_chain::Outbox::migrate(&connection)?;
    let value = {
        let tx = Tx::begin(&mut connection)?;
        let value = work(&tx)?;
        tx.sql.commit()?;
        value
    };
    connection.close().map_err(|(_, error)| error)?;
    Ok(value)
}

/// A connection that cannot write.
fn reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Creates the file with mode 0600 before SQLite would create it with the umask's mode; SQLite gives
/// its journal files the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::File { path: path.to_owned(), error };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(StoreError::Readable { path: path.to_owned(), mode });
    }
    Ok(())
}
