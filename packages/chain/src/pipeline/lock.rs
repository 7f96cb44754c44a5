//! One pipeline for each database: two would sign the same items twice. The system drops the
//! lock when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::error::PipelineError;

/// Held by the pipeline of a database, and by whoever has a clone of it: until all of them are dropped no
/// other process of this machine opens a pipeline on the database.
#[derive(Debug, Clone)]
pub struct DatabaseLock {
    file: Arc<File>,
}

impl DatabaseLock {
    /// Locks a file beside the database; SQLite's own locks are for its transactions.
    pub(super) fn take(database: &Path) -> Result<Self, PipelineError> {
        let failed = |source| PipelineError::Lock { path: database.into(), source };
        let mut name = database.as_os_str().to_owned();
        name.push("-outbox.lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file: Arc::new(file) }),
            Err(TryLockError::WouldBlock) => {
                Err(PipelineError::AlreadyRunning { path: database.into() })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The locked file's device and number, by which this kernel tells it from all others.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn file(&self) -> io::Result<(u64, u64)> {
        let metadata = self.file.metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    }
}
