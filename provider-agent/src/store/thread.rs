//! The thread that owns the connection, and its transactions.

use std::{
    cell::RefCell,
    fmt,
    fs::OpenOptions,
    ops::Deref,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::mpsc,
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::{StoreError, Topic, notify::Notifier, schema};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The sending side of the store's thread, which ends with the last sender.
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    notifier: Notifier,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

/// One transaction. Statements run on it as on a connection; it collects the topics to notify.
pub struct Tx<'c> {
    sql: rusqlite::Transaction<'c>,
    touched: RefCell<Vec<Topic>>,
}

impl Tx<'_> {
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
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.set_prepared_statement_cache_capacity(128);
        schema::migrate(&mut connection, path)?;
        souk_chain::Outbox::migrate(&connection)?;

        let (jobs, queue) = mpsc::channel::<Job>();
        let run = move || {
            for job in queue {
                job(&mut connection);
            }
        };
        let file = |error| StoreError::File { path: path.to_owned(), error };
        std::thread::Builder::new().name("store".into()).spawn(run).map_err(file)?;
        Ok(Self { jobs, notifier })
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(move |connection| work(connection)).await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let notifier = self.notifier.clone();
        self.run(move |connection| {
            let sql = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(StoreError::from)?;
            let tx = Tx { sql, touched: RefCell::default() };
            let value = work(&tx)?;
            tx.sql.commit().map_err(StoreError::from)?;
            notifier.wake(&tx.touched.into_inner());
            Ok(value)
        })
        .await
    }

    /// Runs `work` to its end, even if the caller is dropped meanwhile.
    async fn run<T, E>(
        &self,
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
        self.jobs.send(job).map_err(|_| StoreError::Stopped)?;
        result.await.map_err(|_| StoreError::Stopped)?
    }
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
