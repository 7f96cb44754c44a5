//! Reads the corpus with Akash's results, which is not part of this repository.
#![allow(dead_code)]

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The corpus's folder: files below it, results in `expected`.
pub struct Corpus(pub PathBuf);

/// What Akash makes of one file.
#[derive(Deserialize)]
pub struct Row {
    pub file: String,
    pub ok: bool,
    pub error: Option<String>,
    pub version: Option<String>,
    pub manifest: Option<Box<RawValue>>,
    pub groups: Option<Box<RawValue>>,
}

/// The corpus named by `SOUK_SDL_CORPUS`. Without that variable a test has not run, says so,
/// and fails on CI.
pub fn corpus() -> Option<Corpus> {
    if let Some(folder) = std::env::var_os("SOUK_SDL_CORPUS") {
        return Some(Corpus(PathBuf::from(folder)));
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "SOUK_SDL_CORPUS must name the corpus's folder on CI");
    // Past the test harness, which would swallow it.
    let _ = writeln!(io::stderr(), "NOT RUN: SOUK_SDL_CORPUS names no corpus");
    None
}

impl Corpus {
    /// All of Akash's results.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for name in ["community", "golden", "probes"] {
            let path = self.0.join("expected").join(format!("{name}.jsonl"));
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
            rows.extend(text.lines().map(|line| serde_json::from_str::<Row>(line).unwrap()));
        }
        rows
    }

    /// A file of the corpus.
    pub fn read(&self, file: &str) -> Vec<u8> {
        let path = self.0.join(file);
        fs::read(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"))
    }
}

impl Row {
    /// The manifest's JSON without Go's escapes that serde_json does not write.
    pub fn plain_manifest(&self) -> String {
        plain(self.manifest.as_ref().unwrap().get())
    }

    /// The groups' JSON, likewise.
    pub fn plain_groups(&self) -> String {
        plain(self.groups.as_ref().unwrap().get())
    }
}

fn plain(json: &str) -> String {
    let mut json = json.to_owned();
    for c in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
        json = json.replace(&format!("\\u{:04x}", u32::from(c)), &c.to_string());
    }
    json
}
