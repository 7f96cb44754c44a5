//! `endpoints`: leased IP addresses, which `expose` refers to by name.
//!
//! ```yaml
//! endpoints:
//!   my-ip:
//!     kind: ip
//! ```

use std::collections::BTreeMap;

use crate::{
    names,
    reader::{Read, Reader},
    services::Service,
    yaml::NodeId,
};

/// A declared address.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Its key.
    pub at: NodeId,
    pub kind: Read<(String, NodeId)>,
}

pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId, declared: &mut BTreeMap<String, Declared>) {
    let read = reader.entries(id, "`endpoints`", &mut |reader, name, key, value| {
        let mut kind = Read::Null;
        let what = format!("the endpoint `{name}`");
        let got = reader.fields(value, &what, &["kind"], &mut |reader, _, at| {
            kind = reader.text(at).map(|kind| (kind, at));
        });
        if got.is_bad() {
            kind = Read::Bad;
        }
        if got != Read::Null || !declared.contains_key(&name) {
            declared.insert(name, Declared { at: key, kind });
        }
    });
    if read == Read::Null {
        declared.clear();
    }
}

/// Names and kinds of the declared ones.
pub(crate) fn check(reader: &mut Reader<'_>, endpoints: &BTreeMap<String, Declared>) {
    for (name, declared) in endpoints {
        if !names::is_endpoint(name) {
            let message = format!("`{name}` can't name an endpoint");
            reader
                .error(declared.at, "invalid-name", message)
                .help("at least two of a-z, 0-9, `-` and `_`, starting with a letter");
        }
        match &declared.kind {
            Read::Bad => {}
            Read::Is((kind, _)) if kind == "ip" => {}
            Read::Is((kind, at)) if !kind.is_empty() => {
                let message = format!("the endpoint kind `{kind}` is unknown");
                reader.error(*at, "unknown-value", message).help("write `kind: ip`");
            }
            _ => {
                let message = format!("the endpoint `{name}` has no kind");
                reader.error(declared.at, "missing-key", message).help("write `kind: ip` below it");
            }
        }
    }
}

/// Numbers the addresses, as Akash does: all targets of deployed services that name an
/// address or are not global (their name is empty), repeats included, are sorted and counted
/// from 1; the last count of a name is its number.
pub(crate) fn sequence_numbers<'a>(
    deployed: impl Iterator<Item = &'a Service>,
) -> BTreeMap<&'a str, u32> {
    let mut names: Vec<&str> = deployed
        .flat_map(|service| service.ports())
        .flat_map(|expose| &expose.to)
        .filter(|to| !to.global || !to.ip.is_empty())
        .map(|to| to.ip.as_str())
        .collect();
    names.sort_unstable();
    names.into_iter().zip(1..).collect()
}
