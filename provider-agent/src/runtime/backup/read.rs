//! Puts a copy back.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use age::secrecy::SecretString;
use serde::Serialize;

use super::{
    BackupError, Role,
    archive::{FORMAT, HEAD, Head},
    begun::{Begun, put_in_place},
};
use crate::{config::Config, failpoint, store::copy_files};

/// A file of a copy other than the store may have this size: they are read into memory.
const MAX_FILE: u64 = 16 << 20;

/// What was put back.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// When the copy was made, in Unix seconds.
    pub made_at: u64,
    /// The files that were written.
    pub written: Vec<PathBuf>,
    /// Files that were there with the same content.
    pub kept: Vec<PathBuf>,
    /// The height of the store in it, if it had read a block.
    pub height: Option<u64>,
}

/// Puts a copy back: the configuration at `config_path`, unless one is there, and each other file where the
/// configuration wants it. No file is overwritten. The store comes last, whole and marked: it asks the chain
/// before anything is sent by it. A run that is killed leaves half a store under another name, which keeps an
/// agent from starting; the next run begins again.
///
/// # Errors
///
/// If the passphrase is wrong, the copy is damaged or of another provider or market, or a file is there
/// already with other content.
pub async fn restore(
    from: &Path,
    config_path: &Path,
    passphrase: SecretString,
) -> Result<Restored, BackupError> {
    // SQLite and the passphrase's function take their time.
    let (from, config_path) = (from.to_owned(), config_path.to_owned());
    let task = move || {
        let mut restoring = Restoring::begin(&from, &config_path);
        let restored = restoring.read(passphrase).and_then(|head| restoring.finish(head));
        if restored.is_err() {
            restoring.undo();
        }
        restored
    };
    match tokio::task::spawn_blocking(task).await {
        Ok(restored) => restored,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

struct Restoring<'a> {
    from: &'a Path,
    config_path: &'a Path,
    config: Option<Config>,
    written: Vec<PathBuf>,
    kept: Vec<PathBuf>,
    /// Whether the store is there, not in its place yet.
    has_store: bool,
}

impl<'a> Restoring<'a> {
    fn begin(from: &'a Path, config_path: &'a Path) -> Self {
        let (written, kept) = (Vec::new(), Vec::new());
        Self { from, config_path, config: None, written, kept, has_store: false }
    }

    fn damaged(&self, problem: impl ToString) -> BackupError {
        BackupError::Damaged { path: self.from.to_owned(), problem: problem.to_string() }
    }

    fn read(&mut self, passphrase: SecretString) -> Result<Head, BackupError> {
        let file = File::open(self.from).map_err(BackupError::file(self.from))?;
        let sealed = age::Decryptor::new(BufReader::new(file)).map_err(|e| self.damaged(e))?;
        let identity = age::scrypt::Identity::new(passphrase);
        let opened = sealed.decrypt(std::iter::once(&identity as &dyn age::Identity));
        let opened = opened.map_err(|error| match error {
            age::DecryptError::DecryptionFailed
            | age::DecryptError::NoMatchingKeys
            | age::DecryptError::KeyDecryptionFailed => {
                BackupError::WrongPassphrase(self.from.to_owned())
            }
            other => self.damaged(other),
        })?;
        let mut tar = tar::Archive::new(opened);
        let entries = tar.entries().map_err(|e| self.damaged(e))?;
        let mut head = None;
        let mut next_role = Role::ALL.into_iter();
        for entry in entries {
            let entry = entry.map_err(|e| self.damaged(e))?;
            let name = entry.path().map_err(|e| self.damaged(e))?.to_string_lossy().into_owned();
            if head.is_none() {
                head = Some(self.head(&name, entry)?);
                continue;
            }
            // The order is fixed, so that the configuration is known before what it names.
            let role = next_role.find(|role| role.name() == name);
            let role = role.ok_or_else(|| self.damaged(format!("`{name}` is not expected")))?;
            let head = head.as_ref().ok_or_else(|| self.damaged("it says nothing of itself"))?;
            self.entry(head, role, entry)?;
        }
        let head = head.ok_or_else(|| self.damaged("it is empty"))?;
        if !self.has_store {
            return Err(self.damaged("it has no store"));
        }
        Ok(head)
    }

    fn head(&self, name: &str, mut entry: impl Read) -> Result<Head, BackupError> {
        if name != HEAD {
            return Err(self.damaged(format!("it begins with `{name}`")));
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(|e| self.damaged(e))?;
        let head: Head = serde_json::from_str(&text).map_err(|e| self.damaged(e))?;
        if head.format > FORMAT {
            return Err(BackupError::Newer { found: head.format, known: FORMAT });
        }
        Ok(head)
    }

    fn entry(
        &mut self,
        head: &Head,
        role: Role,
        entry: tar::Entry<'_, impl Read>,
    ) -> Result<(), BackupError> {
        if role == Role::Store {
            return self.store(entry);
        }
        let mut content = Vec::new();
        let read = entry.take(MAX_FILE + 1).read_to_end(&mut content);
        let length = read.map_err(|e| self.damaged(e))?;
        if length as u64 > MAX_FILE {
            return Err(self.damaged(format!("`{}` is larger than any such file", role.name())));
        }
        match role {
            Role::Config => self.configuration(head, content),
            // A configuration cannot be read without it.
            Role::Contracts => {
                let path = match &self.config {
                    Some(config) => config.chain.contracts_file.clone(),
                    None => self.contracts_path()?,
                };
                let Some(path) = path else { return Ok(()) };
                self.put(role, path, &content)?;
                self.load(head)
            }
            _ => {
                let config =
                    self.config.as_ref().ok_or_else(|| self.damaged("no configuration"))?;
                match role.path(config, self.config_path) {
                    Some(path) => self.put(role, path, &content),
                    None => Ok(()),
                }
            }
        }
    }

    /// A configuration that is there counts; else the copy's is written.
    fn configuration(&mut self, head: &Head, content: Vec<u8>) -> Result<(), BackupError> {
        if !self.config_path.exists() {
            self.put(Role::Config, self.config_path.to_owned(), &content)?;
        } else {
            self.kept.push(self.config_path.to_owned());
        }
        match self.contracts_path()?.is_some_and(|path| !path.exists()) {
            // The addresses come next.
            true => Ok(()),
            false => self.load(head),
        }
    }

    /// Where the configuration wants the contracts' addresses, if they are in a file of their own.
    fn contracts_path(&self) -> Result<Option<PathBuf>, BackupError> {
        let path = self.config_path;
        let text = fs::read_to_string(path).map_err(BackupError::file(path))?;
        let table: toml::Table = text.parse().map_err(|e| self.damaged(e))?;
        let named = table.get("chain").and_then(|chain| chain.get("contracts_file"));
        let named = named.and_then(toml::Value::as_str).map(PathBuf::from);
        Ok(named.map(|named| path.parent().unwrap_or(Path::new(".")).join(named)))
    }

    fn load(&mut self, head: &Head) -> Result<(), BackupError> {
        let config = Config::load(self.config_path)?;
        let own = Head::of(&config, head.made_at);
        for (what, found, wanted) in [
            ("provider", &head.provider, &own.provider),
            ("chain", &head.chain_id, &own.chain_id),
            ("orderbook", &head.orderbook, &own.orderbook),
        ] {
            if found != wanted {
                return Err(BackupError::Other {
                    what,
                    found: found.clone(),
                    wanted: wanted.clone(),
                    config: self.config_path.to_owned(),
                });
            }
        }
        let store = config.store.path.clone();
        if store.exists() {
            return Err(BackupError::Exists(store));
        }
        self.config = Some(config);
        // From here on no agent starts without a store, as if there had never been one.
        copy_files::remove_unfinished(&store).map_err(BackupError::file(&store))?;
        self.open_unfinished(&store).map(drop)
    }

    fn open_unfinished(&self, store: &Path) -> Result<File, BackupError> {
        let unfinished = copy_files::unfinished(store);
        make_folder(&unfinished)?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(Role::Store.mode());
        options.open(&unfinished).map_err(BackupError::file(unfinished))
    }

    fn put(&mut self, role: Role, path: PathBuf, content: &[u8]) -> Result<(), BackupError> {
        if path.exists() {
            let there = fs::read(&path).map_err(BackupError::file(path.clone()))?;
            // A kubeconfig leads to this machine's way to the cluster, which may be another.
            if there != content && role != Role::Kubeconfig {
                return Err(BackupError::Exists(path));
            }
            self.kept.push(path);
            return Ok(());
        }
        self.create(role, &path, content)
    }

    fn store(&mut self, mut entry: impl Read) -> Result<(), BackupError> {
        let config = self.config.as_ref().ok_or_else(|| self.damaged("no configuration"))?;
        let mut file = self.open_unfinished(&config.store.path)?;
        failpoint!("restore::before_store");
        std::io::copy(&mut entry, &mut file).map_err(|e| self.damaged(e))?;
        failpoint!("restore::after_store");
        self.has_store = true;
        Ok(())
    }

    fn create(&mut self, role: Role, path: &Path, content: &[u8]) -> Result<(), BackupError> {
        make_folder(path)?;
        let mut begun = Begun::create(path, ".restoring", role.mode())?;
        begun.file.write_all(content).map_err(BackupError::file(path))?;
        begun.finish()?;
        self.written.push(path.to_owned());
        failpoint!("restore::after_file");
        Ok(())
    }

    /// Makes the store one that was put back, and puts it in its place.
    fn finish(&mut self, head: Head) -> Result<Restored, BackupError> {
        let config = self.config.as_ref().ok_or_else(|| self.damaged("no configuration"))?;
        let unfinished = copy_files::unfinished(&config.store.path);
        copy_files::check_file(&unfinished).map_err(|problem| self.damaged(problem))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let height = copy_files::put_back(&unfinished, now)?;
        File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .map_err(BackupError::file(unfinished.clone()))?;
        failpoint!("restore::marked");
        put_in_place(&unfinished, &config.store.path)?;
        self.written.push(config.store.path.clone());
        let (written, kept) = (self.written.clone(), self.kept.clone());
        Ok(Restored { made_at: head.made_at, written, kept, height })
    }

    /// Deletes what was written: half of what is put back is worse than nothing.
    fn undo(&mut self) {
        for path in self.written.drain(..) {
            let _ = fs::remove_file(&path);
        }
        // Before its place was seen to be free nothing was made there.
        if let Some(config) = &self.config {
            let _ = copy_files::remove_unfinished(&config.store.path);
        }
    }
}

fn make_folder(path: &Path) -> Result<(), BackupError> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(BackupError::file(folder)),
        None => Ok(()),
    }
}
