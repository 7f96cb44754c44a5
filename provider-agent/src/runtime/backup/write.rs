//! Makes a copy.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use age::secrecy::SecretString;
use serde::Serialize;

use super::{
    BackupError, Role,
    archive::{self, HEAD, Head},
};
use crate::{config::Config, store::copies};

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
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let file = options.open(to).map_err(BackupError::file(to))?;
    let copied = seal(&config, config_path, file, passphrase).map_err(|error| match error {
        Failed::Backup(error) => error,
        Failed::Io(error) => BackupError::File { path: to.to_owned(), error },
    });
    match copied {
        Ok(holds) => {
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
        Err(error) => {
            // Half a copy is none.
            let _ = fs::remove_file(to);
            Err(error)
        }
    }
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
    file: File,
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
        let copy = match role {
            Role::Store => Some(Copy::of(&path)?),
            _ => None,
        };
        let from = copy.as_ref().map_or(&path, |copy| &copy.0);
        let opened = File::open(from).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(BackupError::file(from.clone()))?;
        append(&mut tar, role.name(), role.mode(), length, file)?;
        holds.push(role.name());
    }
    let mut file = tar.into_inner()?.finish()?;
    file.flush()?;
    file.get_ref().sync_all()?;
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

/// A consistent copy of the store beside it, which goes with this value.
struct Copy(PathBuf);

impl Copy {
    fn of(path: &Path) -> Result<Self, BackupError> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("-copy-{}", std::process::id()));
        let copy = Self(name.into());
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        options.open(&copy.0).map_err(BackupError::file(copy.0.clone()))?;
        copies::copy_file(path, &copy.0)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What cannot be deleted now is of no use to anybody who cannot read the store itself.
        let _ = fs::remove_file(&self.0);
    }
}
