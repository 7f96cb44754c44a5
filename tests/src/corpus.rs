//! Third-party SDL, which lies outside the repository: `SOUK_SDL_CORPUS` names its folder.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A file of the corpus and the reference's verdict on it.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its path within the corpus.
    pub file: String,
    /// Whether the reference accepts it.
    pub ok: bool,
}

/// The corpus' folder. With `CI=true` it must be there; else its tests say that they did not
/// run.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SOUK_SDL_CORPUS").map(PathBuf::from);
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    match folder {
        Some(folder) => {
            assert!(folder.is_dir(), "SOUK_SDL_CORPUS={} is no folder", folder.display());
            Some(folder)
        }
        None => {
            assert!(!ci, "SOUK_SDL_CORPUS is not set; scripts/test sets it where the corpus is");
            eprintln!("NOT RUN: SOUK_SDL_CORPUS is not set");
            None
        }
    }
}

/// All files of one part (`community`, `golden`, `probes`) with the reference's verdicts.
pub fn entries(folder: &Path, part: &str) -> Vec<Entry> {
    let path = folder.join("expected").join(format!("{part}.jsonl"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |line: &str| serde_json::from_str(line).expect("a row of the corpus");
    text.lines().map(read).collect()
}
