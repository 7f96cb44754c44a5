//! What `souk sdl compile --json` prints: one object a file, on a line of its own.

use serde::{Deserialize, Serialize};

use crate::{
    compile::Compiled,
    diagnostics::{Diagnostic, Diagnostics},
    groups::GroupSpec,
    manifest::Manifest,
};

/// The result for one file. Manifest and groups are Akash's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompileReport {
    /// The file, as it was named.
    pub file: String,
    /// Whether it was accepted.
    pub ok: bool,
    /// Why not.
    pub errors: Vec<Diagnostic>,
    /// What was accepted but hardly meant.
    pub warnings: Vec<Diagnostic>,
    /// The version hash in hex, if accepted.
    pub version: Option<String>,
    /// The manifest, if accepted.
    pub manifest: Option<Manifest>,
    /// The groups, if accepted.
    pub groups: Option<Vec<GroupSpec>>,
}

impl CompileReport {
    /// The report of one file.
    pub fn new(file: impl Into<String>, result: &Result<Compiled, Diagnostics>) -> Self {
        let found = match result {
            Ok(compiled) => &compiled.warnings,
            Err(found) => found,
        };
        let compiled = result.as_ref().ok();
        Self {
            file: file.into(),
            ok: compiled.is_some(),
            errors: found.errors().cloned().collect(),
            warnings: found.warnings().cloned().collect(),
            version: compiled.map(|compiled| hex::encode(compiled.version)),
            manifest: compiled.map(|compiled| compiled.manifest.clone()),
            groups: compiled.map(|compiled| compiled.groups.clone()),
        }
    }
}
