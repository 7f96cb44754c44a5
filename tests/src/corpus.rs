//! Third-party SDL, which lies outside the repository: `SOUK_SDL_CORPUS` names its folder.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use souk_sdl::{ManifestService, Options};

use crate::tools;

/// A file of the corpus, and whether Akash's tools accept it.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its path within the corpus.
    pub file: String,
    /// Whether Akash's tools accept it.
    pub ok: bool,
}

/// The corpus' folder. With `CI=true` it must be there; else its tests say that they did not
/// run.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SOUK_SDL_CORPUS").map(PathBuf::from);
    let folder =
        folder.context("SOUK_SDL_CORPUS is not set; scripts/test sets it where the corpus is");
    let folder = tools::or_not_run(folder)?;
    assert!(folder.is_dir(), "SOUK_SDL_CORPUS={} is not a folder", folder.display());
    Some(folder)
}

/// All files of one part (`community`, `golden`, `probes`) with the verdicts of Akash's tools.
pub fn entries(folder: &Path, part: &str) -> Vec<Entry> {
    let path = folder.join("expected").join(format!("{part}.jsonl"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |line: &str| serde_json::from_str(line).expect("a row of the corpus");
    text.lines().map(read).collect()
}

/// Files in rounds, so that no two of one round name the same host: on a provider it belongs to
/// the first lease that asked for it, as long as that lease runs.
pub fn rounds(folder: &Path, files: &[String]) -> Vec<Vec<String>> {
    let mut rounds: Vec<(BTreeSet<String>, Vec<String>)> = Vec::new();
    for file in files {
        let hosts = hosts(&folder.join(file));
        let round = match rounds.iter_mut().find(|(taken, _)| taken.is_disjoint(&hosts)) {
            Some(round) => round,
            None => rounds.push_mut(Default::default()),
        };
        round.0.extend(hosts);
        round.1.push(file.clone());
    }
    rounds.into_iter().map(|(_, files)| files).collect()
}

/// The hosts that a file names; none if it is not valid.
fn hosts(path: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Ok(compiled) = souk_sdl::compile_bytes(&bytes, &Options::default()) else {
        return BTreeSet::new();
    };
    let services = compiled.manifest.iter().flat_map(|group| &group.services);
    let of = |service: &ManifestService| {
        service.expose.iter().flat_map(|port| port.hosts.clone().unwrap_or_default()).collect()
    };
    services.flat_map::<Vec<String>, _>(of).collect()
}
