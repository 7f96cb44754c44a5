//! The file as a whole: its sections, read but not yet checked against each other.
//!
//! The top level is read by Akash's own loop, so its rules are not those of other
//! mappings: unknown keys are errors, merge keys are unknown keys, and a section that stands
//! there twice is merged.

use std::collections::BTreeMap;

use crate::{
    deployment::{self, Deployed},
    endpoints::{self, Declared},
    profiles::{self, Profiles},
    reader::Reader,
    reclamation::{self, Reclamation},
    services::{self, Service},
    souk::{self, SoukSection},
    version::{self, Edition, VersionError},
    yaml::NodeId,
};

/// All sections.
#[derive(Debug)]
pub(crate) struct Document {
    pub edition: Edition,
    pub services: BTreeMap<String, Service>,
    pub profiles: Profiles,
    pub deployment: BTreeMap<String, Deployed>,
    pub endpoints: BTreeMap<String, Declared>,
    pub reclamation: Option<Reclamation>,
    pub souk: SoukSection,
}

pub(crate) const SECTIONS: &[&str] = &[
    "version",
    "include",
    "services",
    "profiles",
    "deployment",
    "endpoints",
    "reclamation",
    "souk",
];

/// Reads the file. Always gives a document; what is wrong is in the reader's findings.
pub(crate) fn read(reader: &mut Reader<'_>) -> Document {
    let mut document = Document {
        edition: Edition::V2_0,
        services: BTreeMap::new(),
        profiles: Profiles::default(),
        deployment: BTreeMap::new(),
        endpoints: BTreeMap::new(),
        reclamation: None,
        souk: SoukSection::default(),
    };
    let root = reader.tree().root().filter(|root| !reader.is_null(*root));
    let Some(root) = root.map(|root| reader.target(root)) else {
        reader
            .error_in_file("empty", "the file is empty")
            .help("`souk sdl init` writes a file to start from");
        return document;
    };
    document.edition = edition(reader, root);
    let mut seen: BTreeMap<&str, NodeId> = BTreeMap::new();
    for (key, value) in reader.whole_pairs(root) {
        let name = reader.tree().raw(key);
        if let Some(first) = seen.insert(name, key).filter(|_| SECTIONS.contains(&name)) {
            let line = reader.line(first);
            let message =
                format!("`{name}` stands here twice (first in line {line}); both are merged");
            reader.warn(key, "duplicate-key", message).maybe(None);
        }
        match name {
            "version" => {}
            "include" => {
                reader.texts(value, "`include`");
            }
            "services" => services::read(reader, value, &mut document.services),
            "profiles" => profiles::read(reader, value, &mut document.profiles),
            "deployment" => deployment::read(reader, value, &mut document.deployment),
            "endpoints" => endpoints::read(reader, value, &mut document.endpoints),
            "reclamation" => document.reclamation = Some(reclamation::read(reader, value)),
            "souk" => document.souk = souk::read(reader, value),
            _ => {
                let help = reader.suggest(name, SECTIONS.iter().copied()).unwrap_or_else(|| {
                    format!("the sections of a file are {}", SECTIONS.join(", "))
                });
                let message = format!("`{name}` is not a section of a file");
                reader.error(key, "unknown-key", message).help(help);
            }
        }
    }
    document
}

/// The version: what follows the first `version` among the root's keys (and values, for
/// Akash does not distinguish them).
fn edition(reader: &mut Reader<'_>, root: NodeId) -> Edition {
    let tree = reader.tree();
    let children = tree.children(root);
    let Some(index) = children.iter().position(|child| tree.raw(*child) == "version") else {
        reader
            .error_in_file("missing-key", "the file has no `version`")
            .help("write `version: \"2.0\"` or `version: \"2.1\"` at its start");
        return Edition::V2_0;
    };
    let at = children.get(index + 1).copied().unwrap_or(root);
    let text = tree.raw(at);
    match version::parse(text) {
        Ok(edition) => {
            let exact = matches!(text, "2.0" | "2.1" | "2.0.0" | "2.1.0" | "v2.0" | "v2.1" | "2");
            if !exact {
                let read_as = if edition == Edition::V2_0 { "2.0" } else { "2.1" };
                let message = format!("the version `{text}` is read as {read_as}");
                reader.warn(at, "version", message).help(format!("write `version: \"{read_as}\"`"));
            }
            edition
        }
        Err(problem) => {
            let message = problem.to_string();
            let help = match problem {
                VersionError::NotAVersion(_) | VersionError::Unsupported(_) => {
                    "write `version: \"2.0\"` or `version: \"2.1\"`"
                }
            };
            reader.error(at, "version", message).help(help);
            Edition::V2_0
        }
    }
}
