//! One pipeline for each database: two would sign the same items twice. The system drops the
//! lock when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::PipelineError;

/// Held by the pipeline of a database.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks a file beside the database; SQLite's own locks are for its transactions.
    pub(super) fn take(database: &Path) -> Result<Self, PipelineError> {
        let failed = |source| PipelineError::Lock { path: database.into(), source };
        let mut name = database.as_os_str().to_owned();
        name.push("-outbox.lock");
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(PipelineError::AlreadyRunning { path: database.into() })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}
