//! From text to everything that a deployment needs.

use crate::{
    builder, check,
    diagnostics::{Diagnostic, Diagnostics, Severity},
    document,
    groups::GroupSpec,
    manifest::Manifest,
    reader::Reader,
    souk::SoukOptions,
    text,
    version::Edition,
    yaml,
};

/// How to compile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Refuse what would otherwise be a warning.
    pub strict: bool,
}

/// A file that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The rules that the file follows.
    pub edition: Edition,
    /// What the provider runs.
    pub manifest: Manifest,
    /// What goes on the chain, in Akash's form: prices are as in the file. Denoms and
    /// auditors may be changed here before [`order_groups`](Self::order_groups).
    pub groups: Vec<GroupSpec>,
    /// SHA-256 of the manifest's canonical JSON.
    pub version: [u8; 32],
    /// The shortest notice of a reclamation that the tenant accepts, in nanoseconds.
    pub min_reclamation_window: Option<u64>,
    /// What was accepted but hardly meant.
    pub warnings: Diagnostics,
    /// Souk's own keys.
    pub souk: SoukOptions,
}

/// Compiles SDL. On failure all findings come back, warnings too.
///
/// # Errors
/// All findings, sorted by place, if one of them is an error (with `strict`: if there is any).
pub fn compile(text: &str, options: &Options) -> Result<Compiled, Diagnostics> {
    let text = text::check(text).map_err(one)?;
    let tree = yaml::parse(text).map_err(|error| one(not_yaml(error)))?;
    let mut reader = Reader::new(&tree);
    let document = document::read(&mut reader);
    check::check(&mut reader, &document);
    let mut found = reader.into_findings();
    if let Some(at) = tree.next_document() {
        let message = "only the first document of a file is read";
        let warning = Diagnostic::warning_at("more-documents", at, message);
        found.push(Diagnostic {
            help: Some("put each deployment into a file of its own".to_owned()),
            ..warning
        });
    }
    if options.strict {
        found.iter_mut().for_each(|d| d.severity = Severity::Error);
    }
    let found = Diagnostics::sorted(found);
    if found.errors().next().is_some() {
        return Err(found);
    }
    let (manifest, groups) = builder::build(&document);
    let version = manifest.version();
    let window = document.reclamation.and_then(|reclamation| reclamation.window());
    Ok(Compiled {
        edition: document.edition,
        manifest,
        groups,
        version,
        min_reclamation_window: window,
        warnings: found,
        souk: document.souk,
    })
}

/// Compiles a file's bytes: UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// If the bytes are not text; then as [`compile`].
pub fn compile_bytes(bytes: &[u8], options: &Options) -> Result<Compiled, Diagnostics> {
    let text = text::decode(bytes)?;
    compile(&text, options)
}

fn one(diagnostic: Diagnostic) -> Diagnostics {
    Diagnostics(vec![diagnostic])
}

pub(crate) fn not_yaml(error: yaml::ScanError) -> Diagnostic {
    let diagnostic = Diagnostic::error_at("not-yaml", error.at, error.message);
    Diagnostic { help: error.help.map(str::to_owned), ..diagnostic }
}
