//! Copies of a store as files: how one is read and put back, and what killed runs leave beside it.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, copies, cursor, thread};

/// Makes the copy at `path`, which nobody else has, one that was put back at `at`, Unix seconds. Returns the
/// height of the last block in it.
///
/// # Errors
///
/// If it cannot be used, or is of a newer version.
pub fn put_back(path: &Path, at: u64) -> Result<Option<u64>, StoreError> {
    thread::once(path, |tx| {
        copies::put_back(tx, at)?;
        Ok(cursor::get(tx)?.map(|cursor| cursor.height))
    })
}

/// The store at `path` as the bytes of a file: one state of it, also while an agent writes it. They are never
/// in a file.
///
/// # Errors
///
/// If it cannot be used, or there is too little memory for it.
pub fn bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    // One transaction sees one state, from its first read on.
    let tx = connection.transaction()?;
    tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    let bytes = tx.serialize(rusqlite::MAIN_DB)?;
    Ok(bytes.to_vec())
}

/// Deletes what killed runs left beside the store at `path`: plain copies of it that earlier versions made
/// for a backup, and half a restored one, if there is a whole one.
///
/// # Errors
///
/// If one cannot be deleted, or if there is half a restored store and no other.
pub fn clear_leftovers(path: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| StoreError::File { path, error }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(folder)(error)),
    };
    for entry in entries {
        let left = entry.map_err(failed(folder))?.path();
        let its = left.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = its.strip_prefix(&format!("{name}-copy-"));
        if copy.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
            fs::remove_file(&left).map_err(failed(&left))?;
        }
    }
    let unfinished = unfinished(path);
    match (unfinished.exists(), path.exists()) {
        (true, false) => Err(StoreError::Unfinished { path: unfinished }),
        (true, true) => remove_unfinished(path).map_err(failed(&unfinished)),
        (false, _) => Ok(()),
    }
}

/// Where a store is made that is put back at `path`, until it is whole.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".restoring");
    name.into()
}

/// Deletes half a restored store, with the files that SQLite has beside it.
///
/// # Errors
///
/// If one of them cannot be deleted.
pub fn remove_unfinished(path: &Path) -> io::Result<()> {
    for ending in ["-wal", "-shm", "-journal", ""] {
        let mut name = unfinished(path).into_os_string();
        name.push(ending);
        match fs::remove_file(name) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a file is a store that can be read to its end.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_file(path: &Path) -> Result<(), String> {
    let checked = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|sql| sql.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    match checked {
        Ok(word) if word == "ok" => Ok(()),
        Ok(problem) => Err(problem),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_killed_runs_left_is_deleted_and_half_a_store_is_never_opened_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.db");
        let write = |name: &str| fs::write(folder.path().join(name), "x").unwrap();
        for name in ["agent.db-copy-123", "agent.db.restoring", "agent.db.restoring-wal"] {
            write(name);
        }
        for name in ["agent.db-copy-mine", "other.db-copy-1", "agent.db-outbox.lock"] {
            write(name);
        }
        let half = clear_leftovers(&path);
        assert!(matches!(half, Err(StoreError::Unfinished { .. })), "{half:?}");
        write("agent.db");
        clear_leftovers(&path).unwrap();
        let kept = ["agent.db", "agent.db-copy-mine", "agent.db-outbox.lock", "other.db-copy-1"];
        assert_eq!(names(folder.path()), kept);
        clear_leftovers(&folder.path().join("nowhere").join("agent.db")).unwrap();
    }

    #[tokio::test]
    async fn the_bytes_of_a_store_are_one_state_of_it_and_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.db");
        let store = Store::open(&path).unwrap();
        let before = store.write(copies::identity_or_make).await.unwrap();
        let there = names(folder.path());
        let bytes = bytes(&path).unwrap();
        assert_eq!(names(folder.path()), there);
        let copy = unfinished(&path);
        fs::write(&copy, bytes).unwrap();
        check_file(&copy).unwrap();
        assert_eq!(put_back(&copy, 7).unwrap(), None);
        let with_copy: Vec<String> =
            names(folder.path()).into_iter().filter(|name| name.contains("restoring")).collect();
        assert_eq!(with_copy, ["agent.db.restoring"], "all of it is in the one file");
        let sql = Connection::open(&copy).unwrap();
        assert_eq!(copies::restored_at(&sql).unwrap(), Some(7));
        assert_eq!(copies::identity(&sql).unwrap(), None, "it is another store than {before}");
    }
}
