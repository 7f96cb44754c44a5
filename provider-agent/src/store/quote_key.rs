//! The file of the agent's own key, beside the store: `quote.key`, 64 hexadecimal digits, for its owner alone. No
//! copy of the agent has it: whoever puts one back begins with a new key, and what was signed before counts no more.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rand::RngCore as _;

use crate::model::QuoteKey;

/// Its name.
pub const NAME: &str = "quote.key";
/// As many digits as it has, and a line's end.
const MAX_LEN: u64 = 66;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum QuoteKeyError {
    /// The file.
    #[error("{}: {error}; give `store.path` a place that this user can write", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("{} may be read by others (mode {mode:o}); delete it, a new key is made at the start", .path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no key.
    #[error("{} is no key of 64 hexadecimal digits; delete it, a new one is made at the start", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The key beside the store at `store`; made if there is none.
///
/// # Errors
///
/// If the file cannot be read or made, may be read by others, or holds no key.
pub fn load_or_make(store: &Path) -> Result<QuoteKey, QuoteKeyError> {
    let path = store.with_file_name(NAME);
    match File::open(&path) {
        Ok(file) => read(file, &path),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        Err(error) => Err(QuoteKeyError::File { path, error }),
    }
}

fn read(file: File, path: &Path) -> Result<QuoteKey, QuoteKeyError> {
    let failed = |error| QuoteKeyError::File { path: path.to_owned(), error };
    // Of the opened file, so that it cannot be another one by then.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(QuoteKeyError::Readable { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(MAX_LEN).read_to_string(&mut text).map_err(failed)?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim(), &mut seed)
        .map_err(|_| QuoteKeyError::Damaged { path: path.to_owned() })?;
    Ok(QuoteKey::from_seed(seed))
}

/// Under another name first: a process that is killed leaves no half of a key.
fn make(path: &Path) -> Result<QuoteKey, QuoteKeyError> {
    let mut seed = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut seed);
    let begun = path.with_extension("key.begun");
    let written = || -> io::Result<()> {
        match std::fs::remove_file(&begun) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&begun)?;
        file.write_all(format!("{}\n", hex::encode(seed)).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&begun, path)
    };
    written().map_err(|error| QuoteKeyError::File { path: path.to_owned(), error })?;
    Ok(QuoteKey::from_seed(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("agent.db");
        let made = load_or_make(&store).unwrap();
        let path = folder.path().join(NAME);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(load_or_make(&store).unwrap().public(), made.public());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let elsewhere = tempfile::tempdir().unwrap();
        let other = load_or_make(&elsewhere.path().join("agent.db")).unwrap();
        assert_ne!(other.public(), made.public());
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("agent.db");
        load_or_make(&store).unwrap();
        let path = folder.path().join(NAME);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = load_or_make(&store);
        assert!(matches!(refused, Err(QuoteKeyError::Readable { mode: 0o640, .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "00", &"0".repeat(65), &"g".repeat(64)] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(load_or_make(&store), Err(QuoteKeyError::Damaged { .. })), "{text}");
        }
    }
}
