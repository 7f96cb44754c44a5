//! Makes a copy.

use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use age::secrecy::SecretString;
use serde::Serialize;

use super::{
    BackupError, Role,
    archive::{self, HEAD, Head},
    begun::Begun,
};
use crate::{config::Config, failpoint, store::copy_files};

/// The ending of a copy until it is whole.
const UNFINISHED: &str = ".unfinished";

/// What was saved.
#[derive(Debug, Clone, Serialize)]
pub struct Saved {
    /// The copy.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it holds.
    pub holds: Vec<&'static str>,
    /// What it does not hold and the agent needs.
    pub without: Vec<String>,
}

/// Copies configuration, keys and store into the new file `to`, sealed with a passphrase. The agent may run
/// meanwhile.
///
/// # Errors
///
/// If a file cannot be read or written, `to` exists, or the passphrase is too short.
pub fn back_up(
    config_path: &Path,
    to: &Path,
    passphrase: SecretString,
) -> Result<Saved, BackupError> {
    let passphrase = archive::check(passphrase)?;
    let config = Config::load(config_path)?;
    if !config.store.path.exists() {
        return Err(BackupError::NoStore(config.store.path));
    }
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    copy_files::clear_leftovers(&config.store.path)?;
    let mut begun = Begun::create(to, UNFINISHED, 0o600)?;
    let sealed = seal(&config, config_path, &mut begun.file, passphrase);
    let copied = sealed.map_err(|error| match error {
        Failed::Backup(error) => error,
        Failed::Io(error) => BackupError::File { path: to.to_owned(), error },
    });
    let holds = copied.and_then(|holds| begun.finish().map(|()| holds))?;
    let bytes = fs::metadata(to).map_err(BackupError::file(to))?.len();
    let mut without = Vec::new();
    if let Some(variable) = &config.provider.key.variable {
        without.push(format!("the operator key, which is in the variable {variable}"));
    }
    if let Some(variable) = &config.provider.key.passphrase_variable {
        without.push(format!("the key's passphrase, which is in the variable {variable}"));
    }
    if config.cluster.kubeconfig.is_none() {
        without.push("a kubeconfig, which the configuration does not name".to_owned());
    }
    Ok(Saved { file: to.to_owned(), bytes, holds, without })
}

enum Failed {
    Backup(BackupError),
    /// The copy could not be written.
    Io(std::io::Error),
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<BackupError> for Failed {
    fn from(error: BackupError) -> Self {
        Self::Backup(error)
    }
}

fn seal(
    config: &Config,
    config_path: &Path,
    file: &mut File,
    passphrase: SecretString,
) -> Result<Vec<&'static str>, Failed> {
    let sealed = age::Encryptor::with_user_passphrase(passphrase);
    let sealed = sealed.wrap_output(BufWriter::new(file))?;
    let mut tar = tar::Builder::new(sealed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let head = serde_json::to_vec(&Head::of(config, now)).map_err(std::io::Error::from)?;
    append(&mut tar, HEAD, 0o644, head.len() as u64, head.as_slice())?;
    let mut holds = Vec::new();
    for role in Role::ALL {
        let Some(path) = role.path(config, config_path) else { continue };
        // The store in memory: a plain copy of it in a file could outlive a process that is killed.
        let content = match role {
            Role::Store => copy_files::bytes(&path).map_err(BackupError::from)?,
            _ => fs::read(&path).map_err(BackupError::file(path.clone()))?,
        };
        if role == Role::Store {
            failpoint!("backup::store_read");
        }
        append(&mut tar, role.name(), role.mode(), content.len() as u64, content.as_slice())?;
        holds.push(role.name());
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(holds)
}

fn append(
    tar: &mut tar::Builder<impl Write>,
    name: &str,
    mode: u32,
    length: u64,
    data: impl Read,
) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(length);
    header.set_entry_type(tar::EntryType::Regular);
    tar.append_data(&mut header, name, data.take(length))
}
