//! A file that is fine, and edits of it.

use souk_sdl::{Compiled, Diagnostics, ManifestService, Options, compile};

pub const BASE: &str = r#"version: "2.0"
services:
  app:
    image: nginx
    expose:
      - port: 80
        to:
          - global: true
profiles:
  compute:
    small:
      resources:
        cpu:
          units: 1
        memory:
          size: 512Mi
        storage:
          size: 1Gi
  placement:
    east:
      pricing:
        small:
          denom: usouk
          amount: 1000
deployment:
  app:
    east:
      profile: small
      count: 1
"#;

/// The base with texts replaced, each of which must stand in it.
pub fn edit(edits: &[(&str, &str)]) -> String {
    edit_of(BASE, edits)
}

pub fn edit_of(text: &str, edits: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "`{from}` is not in\n{text}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// The base with a key of the service (lines below it are indented to fit).
pub fn service(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    edit(&[("    image: nginx\n", &format!("    image: nginx\n{indented}"))])
}

/// The base with another storage section.
pub fn storage(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("          {line}\n")).collect();
    edit(&[("          size: 1Gi\n", &indented)])
}

/// The base with a GPU section.
pub fn gpu(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("          {line}\n")).collect();
    edit(&[("        memory:", &format!("        gpu:\n{indented}        memory:"))])
}

/// The same file by the rules of 2.1.
pub fn v2_1(text: &str) -> String {
    edit_of(text, &[("\"2.0\"", "\"2.1\"")])
}

pub fn accepted(text: &str) -> Compiled {
    compile(text, &Options::default())
        .unwrap_or_else(|found| panic!("{text}\n{}", found.render("file", text, false)))
}

pub fn refused(text: &str) -> Diagnostics {
    match compile(text, &Options::default()) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(found) => found,
    }
}

/// The codes of the errors.
pub fn codes(text: &str) -> Vec<String> {
    refused(text).errors().map(|error| error.code.to_string()).collect()
}

/// The codes of an accepted file's warnings.
pub fn warnings(text: &str) -> Vec<String> {
    accepted(text).warnings.warnings().map(|warning| warning.code.to_string()).collect()
}

/// The first service of the manifest.
pub fn first(text: &str) -> ManifestService {
    accepted(text).manifest[0].services[0].clone()
}

pub fn hash(text: &str) -> String {
    hex::encode(accepted(text).version)
}
