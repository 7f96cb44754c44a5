//! `params`: mounts of volumes, permissions, confidential computing.
//!
//! ```yaml
//! params:
//!   storage:
//!     data:
//!       mount: /var/lib/postgresql/data
//!       readOnly: false
//!   permissions:
//!     read: [logs, events]
//!   tee: cpu            # or cpu-gpu
//! ```

use std::collections::BTreeMap;

use crate::{
    manifest::{ServiceParams, ServicePermissions, StorageParams, TeeParams},
    reader::{Read, Reader},
    yaml::NodeId,
};

/// Parameters as the file gives them.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub storage: BTreeMap<String, Mount>,
    /// What may be read; an inner nothing is an empty list.
    permissions: Option<Option<Vec<String>>>,
    pub tee: Option<(String, NodeId)>,
}

/// Where a volume is mounted.
#[derive(Debug)]
pub(crate) struct Mount {
    /// The volume's key.
    pub at: NodeId,
    pub mount: Read<(String, NodeId)>,
    pub read_only: bool,
    pub read_only_at: NodeId,
}

pub(crate) const KEYS: &[&str] = &["storage", "permissions", "tee"];
const PERMISSIONS: &[&str] = &["deployment", "logs", "events"];
const TEES: &[&str] = &["cpu", "cpu-gpu"];

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> Option<Params> {
    let mut params = Params::default();
    let got = reader.fields(at, "`params`", KEYS, &mut |reader, field, at| match field {
        "storage" => storage(reader, at, &mut params.storage),
        "permissions" => params.permissions = permissions(reader, at),
        _ => {
            params.tee =
                reader.text(at).map(|tee| (tee, at)).value().filter(|(tee, _)| !tee.is_empty())
        }
    });
    (got != Read::Null).then_some(params)
}

fn storage(reader: &mut Reader<'_>, at: NodeId, mounts: &mut BTreeMap<String, Mount>) {
    reader.entries(at, "`params.storage`", &mut |reader, name, key, value| {
        let mut mount = Mount { at: key, mount: Read::Null, read_only: false, read_only_at: key };
        let what = format!("`params.storage.{name}`");
        let keys = &["mount", "readOnly"];
        let got = reader.fields(value, &what, keys, &mut |reader, field, at| match field {
            "mount" => mount.mount = reader.text(at).map(|path| (path, at)),
            _ => {
                mount.read_only = reader.boolean(at).value().unwrap_or_default();
                mount.read_only_at = at;
            }
        });
        if got.is_bad() {
            mount.mount = Read::Bad;
        }
        mounts.insert(name, mount);
    });
}

fn permissions(reader: &mut Reader<'_>, at: NodeId) -> Option<Option<Vec<String>>> {
    let mut read = None;
    let got = reader.fields(at, "`permissions`", &["read"], &mut |reader, _, at| {
        let list = super::located_texts(reader, at, "`permissions.read`").value();
        for (permission, at) in list.iter().flatten() {
            if !PERMISSIONS.contains(&permission.as_str()) {
                let message = format!("the permission `{permission}` is unknown; it has no effect");
                let help = reader.suggest(permission, PERMISSIONS.iter().copied());
                reader.warn(*at, "unknown-value", message).maybe(help);
            }
        }
        read = list.map(|list| list.into_iter().map(|(permission, _)| permission).collect());
    });
    (got != Read::Null).then_some(read)
}

impl Params {
    /// `tee` must be known, and `cpu-gpu` needs a GPU.
    pub fn check_tee(&self, reader: &mut Reader<'_>, has_gpu: bool) {
        let Some((tee, at)) = &self.tee else { return };
        if !TEES.contains(&tee.as_str()) {
            let help = reader.suggest(tee, TEES.iter().copied());
            let message = format!("`tee` must be `cpu` or `cpu-gpu`, this is `{tee}`");
            reader.error(*at, "unknown-value", message).maybe(help);
        } else if tee == "cpu-gpu" && !has_gpu {
            reader
                .error(*at, "tee", "`cpu-gpu` needs a GPU, but the compute profile has none")
                .help("add `gpu` to the profile, or write `tee: cpu`");
        }
    }

    pub fn manifest(&self) -> ServiceParams {
        let mounts = self.storage.iter().map(|(name, mount)| StorageParams {
            name: name.clone(),
            mount: mount.mount.as_ref().value().map(|(path, _)| path.clone()).unwrap_or_default(),
            read_only: mount.read_only,
        });
        ServiceParams {
            storage: (!self.storage.is_empty()).then(|| mounts.collect()),
            credentials: None,
            permissions: self
                .permissions
                .as_ref()
                .map(|read| ServicePermissions { read: read.clone().unwrap_or_default() }),
            tee: self
                .tee
                .as_ref()
                .map(|(tee, _)| TeeParams { r#type: tee.clone(), attestation: true }),
        }
    }
}
