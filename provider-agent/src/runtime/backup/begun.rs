//! A file that is there only when it is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::BackupError;

/// A file that is written beside its place and moved there at the end. Dropped before, it is deleted; a
/// process that is killed leaves it beside its place.
pub(super) struct Begun {
    /// To be written.
    pub file: File,
    beside: PathBuf,
    path: PathBuf,
}

impl Begun {
    /// Begins the file at `path`, which gets this mode; until it is whole its name has this ending. What a
    /// killed run left there is deleted.
    pub fn create(path: &Path, ending: &str, mode: u32) -> Result<Self, BackupError> {
        let beside = with_ending(path, ending);
        let failed = BackupError::file(beside.clone());
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&beside).map_err(failed)?;
        Ok(Self { file, beside, path: path.to_owned() })
    }

    /// Puts it in its place, on the disk. Nothing that is there is overwritten.
    pub fn finish(self) -> Result<(), BackupError> {
        self.file.sync_all().map_err(BackupError::file(self.beside.clone()))?;
        put_in_place(&self.beside, &self.path)
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // After it was moved there is none.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Moves a file that is on the disk to its place, and has that on the disk, too.
pub(super) fn put_in_place(beside: &Path, path: &Path) -> Result<(), BackupError> {
    if path.exists() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    fs::rename(beside, path).map_err(BackupError::file(path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::file(folder))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
