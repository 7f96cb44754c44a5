//! The home folder: keys, networks, and what a tenant must not lose of its deployments.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use souk_api::orderbook::DeploymentResponse;
use souk_chain::{
    SecretKey,
    keys::{KeyError, KeySource, Passphrase},
};
use souk_core::DeploymentId;
use souk_gateway::{Salt, body::ManifestUpload};
use souk_sdl::Manifest;

use crate::error::Error;

/// Holds the passphrase of encrypted keys, so that scripts need no terminal.
pub const PASSPHRASE: &str = "SOUK_PASSPHRASE";

/// `$SOUK_HOME`, else `~/.souk`.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

/// What was sent, or is to be sent, to the winners of a deployment.
#[derive(Debug, Serialize, Deserialize)]
struct SavedDeployment {
    manifest: Manifest,
    #[serde(default)]
    salt: Option<Salt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sending: Option<Sending>,
}

/// By whom a deployment was about to be created, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// The tenant.
    pub tenant: String,
    /// The newest block before it was sent.
    pub height: u64,
    /// That block's time, Unix seconds.
    pub time: u64,
}

/// What was kept of a deployment whose number is not known: its creation was under way when the command ended.
#[derive(Debug)]
pub struct Unnumbered {
    /// What its manifest must hash to.
    pub commitment: Vec<u8>,
    /// What its winners get.
    pub upload: ManifestUpload,
    /// By whom it was about to be created.
    pub sending: Sending,
}

impl Home {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    /// If there is no home folder, or the folder cannot be made.
    pub fn open(given: Option<PathBuf>) -> Result<Self, Error> {
        let path = match given.or_else(default_home) {
            Some(path) => path,
            None => return Err(Error::input("--home", "no home folder; set SOUK_HOME")),
        };
        make_private_dir(&path)?;
        Ok(Self(path))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a key of that name is kept. A path is taken as it is.
    pub fn key_path(&self, name: &str) -> PathBuf {
        if name.contains('/') {
            return name.into();
        }
        self.0.join("keys").join(format!("{name}.key"))
    }

    /// The names of all keys.
    pub fn key_names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("keys")).into_iter().flatten().flatten();
        let name = |path: PathBuf| {
            let is_key = path.extension().is_some_and(|extension| extension == "key");
            let stem = path.file_stem()?.to_str()?.to_owned();
            is_key.then_some(stem)
        };
        let mut names: Vec<String> = entries.filter_map(|entry| name(entry.path())).collect();
        names.sort();
        names
    }

    /// Makes the folder of keys and gives the path for a new one.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new_key_path(&self, name: &str) -> Result<PathBuf, Error> {
        make_private_dir(&self.0.join("keys"))?;
        Ok(self.key_path(name))
    }

    /// Where to load a key from.
    pub fn key_source(&self, name: &str) -> KeySource {
        let passphrase = Passphrase::from_environment(PASSPHRASE).ok();
        KeySource::File { path: self.key_path(name), passphrase }
    }

    /// Loads a key by its name or its file.
    ///
    /// # Errors
    /// If there is no such key, or it cannot be opened.
    pub fn key(&self, name: &str) -> Result<SecretKey, Error> {
        self.key_source(name).load().map_err(|error| match error {
            KeyError::NoFile { .. } if !name.contains('/') => {
                Error::UnknownKey { name: name.into(), known: self.key_names() }
            }
            KeyError::NeedsPassphrase { .. } => Error::LockedKey { name: name.into() },
            error => error.into(),
        })
    }

    /// Keeps manifest and salt of a deployment that is about to be made, under its commitment:
    /// without them nobody can run it, and its number is known only once it is in a block.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn keep_upload(
        &self,
        chain_id: &str,
        commitment: &[u8],
        upload: &ManifestUpload,
        sending: Sending,
    ) -> Result<PathBuf, Error> {
        let path = self.upload_path(chain_id, commitment);
        if let Some(folder) = path.parent() {
            make_private_dir(folder)?;
        }
        let saved = SavedDeployment {
            manifest: upload.manifest.clone(),
            salt: upload.salt.clone(),
            sending: Some(sending),
        };
        let text = serde_json::to_vec(&saved)
            .map_err(|error| Error::input("manifest", error.to_string()))?;
        write_private(&path, &text)?;
        Ok(path)
    }

    /// Names what was kept by the number of its deployment, for people. It is found either way.
    ///
    /// # Errors
    /// If the file cannot be renamed.
    pub fn number_upload(
        &self,
        chain_id: &str,
        commitment: &[u8],
        deployment: DeploymentId,
    ) -> Result<(), Error> {
        let path = self.deployment_path(chain_id, deployment);
        let kept = self.upload_path(chain_id, commitment);
        fs::rename(kept, &path).map_err(|source| Error::File { path, source })
    }

    /// What was kept of deployments whose creation a command did not see through. Files of before, and those that
    /// cannot be read, are passed over.
    pub fn unnumbered(&self, chain_id: &str) -> Vec<Unnumbered> {
        let folder = self.0.join("deployments").join(chain_id);
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let read = |path: PathBuf| {
            let commitment = hex::decode(path.file_stem()?.to_str()?).ok()?;
            let is_kept = commitment.len() == 32 && path.extension()? == "json";
            let saved = is_kept.then(|| fs::read(&path).ok()).flatten()?;
            let saved: SavedDeployment = serde_json::from_slice(&saved).ok()?;
            let upload = ManifestUpload { manifest: saved.manifest, salt: saved.salt };
            Some(Unnumbered { commitment, upload, sending: saved.sending? })
        };
        entries.filter_map(|entry| read(entry.path())).collect()
    }

    /// Whether something is kept under the number of a deployment.
    pub fn is_numbered(&self, chain_id: &str, deployment: DeploymentId) -> bool {
        self.deployment_path(chain_id, deployment).exists()
    }

    /// Drops what was kept of a deployment that is certain not to be created. Nothing is lost if that fails.
    pub fn drop_upload(&self, chain_id: &str, commitment: &[u8]) {
        let _ = fs::remove_file(self.upload_path(chain_id, commitment));
    }

    /// Manifest and salt of a deployment made from here.
    ///
    /// # Errors
    /// [`Error::NotFound`] if it was made from another home folder; if the file cannot be read.
    pub fn saved_deployment(
        &self,
        chain_id: &str,
        deployment: &DeploymentResponse,
    ) -> Result<ManifestUpload, Error> {
        let by_number = self.deployment_path(chain_id, deployment.id);
        let by_commitment = self.upload_path(chain_id, &deployment.commitment);
        let path = if by_number.exists() { by_number } else { by_commitment };
        let text = fs::read(&path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => Error::NotFound(format!(
                "the manifest of deployment {} is not in {}; give the --home that it was made with",
                deployment.id,
                self.0.display()
            )),
            _ => Error::File { path: path.clone(), source },
        })?;
        let saved: SavedDeployment = serde_json::from_slice(&text)
            .map_err(|error| Error::input(path.display().to_string(), error))?;
        Ok(ManifestUpload { manifest: saved.manifest, salt: saved.salt })
    }

    fn deployment_path(&self, chain_id: &str, deployment: DeploymentId) -> PathBuf {
        self.0.join("deployments").join(chain_id).join(format!("{deployment}.json"))
    }

    fn upload_path(&self, chain_id: &str, commitment: &[u8]) -> PathBuf {
        let name = format!("{}.json", hex::encode(commitment));
        self.0.join("deployments").join(chain_id).join(name)
    }
}

fn default_home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".souk"))
}

fn make_private_dir(path: &Path) -> Result<(), Error> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| Error::File { path: path.into(), source })
}

/// Writes a file that only its owner reads, whole or not at all.
fn write_private(path: &Path, content: &[u8]) -> Result<(), Error> {
    let partial = path.with_extension("partial");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| Error::File { path: path.into(), source })
}
