//! Volumes and where they are mounted.

use std::collections::BTreeMap;

use crate::{
    profiles::{compute::Needs, volume::Volume},
    reader::{Read, Reader},
    services::Service,
    services::params::Mount,
    version::Edition,
};

pub(super) fn check(
    reader: &mut Reader<'_>,
    edition: Edition,
    name: &str,
    service: &Service,
    needs: &Needs,
) {
    let volumes: &[Volume] = match &needs.storage {
        Read::Is(volumes) => volumes,
        Read::Null => &[],
        Read::Bad => return,
    };
    let none = BTreeMap::new();
    let mounts = service.params.as_ref().map_or(&none, |params| &params.storage);
    let mut paths: BTreeMap<&str, &str> = BTreeMap::new();
    for (volume, mount) in mounts {
        let Some(found) = volumes.iter().find(|v| v.name == *volume) else {
            let known = volumes.iter().map(|v| v.name.as_str());
            let help = reader
                .suggest(volume, known.clone())
                .unwrap_or_else(|| format!("it has {}", known.collect::<Vec<_>>().join(", ")));
            let message = format!("the compute profile of `{name}` has no volume `{volume}`");
            reader.error(mount.at, "unknown-volume", message).help(help);
            continue;
        };
        check_path(reader, volume, mount, &mut paths);
        if edition == Edition::V2_1 && found.class() == Some("ram") && mount.read_only {
            let message = format!("the volume `{volume}` of class `ram` can't be read-only");
            reader.error(mount.read_only_at, "storage-class", message).help("remove `readOnly`");
        }
    }
    for volume in volumes.iter().filter(|v| v.is_persistent() && !mounts.contains_key(&v.name)) {
        let message = format!("the persistent volume `{}` is not mounted by `{name}`", volume.name);
        let help =
            format!("write `params: {{ storage: {{ {}: {{ mount: /path }} }} }}`", volume.name);
        // 2.0 asks only whether there are mounts at all, 2.1 never.
        if edition == Edition::V2_0 && mounts.is_empty() {
            reader.error(service.at, "missing-mount", message).help(help);
        } else {
            reader.warn(service.at, "missing-mount", message).help(help);
        }
    }
}

fn check_path<'d>(
    reader: &mut Reader<'_>,
    volume: &'d str,
    mount: &'d Mount,
    paths: &mut BTreeMap<&'d str, &'d str>,
) {
    let (path, at) = match &mount.mount {
        Read::Bad => return,
        Read::Null => ("", mount.at),
        Read::Is((path, at)) => (path.as_str(), *at),
    };
    if !path.starts_with('/') {
        let message = if path.is_empty() {
            format!("the volume `{volume}` needs a `mount`")
        } else {
            format!("the mount `{path}` is not absolute")
        };
        reader.error(at, "invalid-mount", message).help("start the path with `/`");
    } else if let Some(other) = paths.insert(path, volume) {
        let message = format!("`{path}` is the mount of the volume `{other}` already");
        reader.error(at, "invalid-mount", message).help("give each volume a path of its own");
    }
}
