//! The programs that nobody here wrote (wasmd, Kubernetes), as `scripts/tools` builds them, and
//! the contracts' wasm, as `scripts/build-wasm` makes it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, write::GzEncoder};

/// The project's folder.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The files that git tracks and that these patterns of `git ls-files` match, by their paths from the
/// project's folder.
///
/// # Panics
/// If git cannot be run, or does not know the folder.
pub fn tracked(patterns: &[&str]) -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--"]).args(patterns).current_dir(root());
    let listed = git.output().expect("git runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let paths = String::from_utf8_lossy(&listed.stdout).into_owned();
    paths.split_terminator('\0').map(str::to_owned).collect()
}

/// Whether a check that cannot run is a failure.
pub fn ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// Gives what a test needs, or says that the test did not run, and fails it with `CI=true`.
///
/// # Panics
/// With `CI=true`, if it is not there.
pub fn or_not_run<T>(needed: Result<T>) -> Option<T> {
    match needed {
        Ok(needed) => Some(needed),
        Err(reason) => {
            assert!(!ci(), "{reason:#}");
            eprintln!("NOT RUN: {reason:#}");
            None
        }
    }
}

/// The folder with the programs: `SOUK_TOOLS_BIN`, or what `scripts/tools --path` prints.
pub fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SOUK_TOOLS_BIN") {
        return Ok(folder.into());
    }
    let script = root().join("scripts/tools");
    let asked = Command::new(&script).arg("--path").output();
    let asked = asked.with_context(|| script.display().to_string())?;
    ensure!(
        asked.status.success(),
        "{} --path: {}",
        script.display(),
        String::from_utf8_lossy(&asked.stderr)
    );
    Ok(String::from_utf8(asked.stdout)?.trim_end().into())
}

/// The path of one of the programs; `group` is the word by which `scripts/tools` builds it.
pub fn program(name: &str, group: &str) -> Result<PathBuf> {
    let path = folder()?.join(name);
    ensure!(path.is_file(), "{} is not there; run scripts/tools {group}", path.display());
    Ok(path)
}

/// The folder with the contracts' wasm: `SOUK_ARTIFACTS`, or `artifacts/`.
pub fn artifacts() -> Result<PathBuf> {
    let folder = std::env::var_os("SOUK_ARTIFACTS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("artifacts"));
    let wasm = |path: &Path| path.extension().is_some_and(|extension| extension == "wasm");
    let mut files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    ensure!(
        files.any(|file| wasm(&file.path())),
        "{} has no wasm; run scripts/build-wasm",
        folder.display()
    );
    Ok(folder)
}

/// The wasm of one contract, by its crate's name with underscores, such as `souk_escrow`.
pub fn wasm(contract: &str) -> Result<Vec<u8>> {
    let path = artifacts()?.join(format!("{contract}.wasm"));
    std::fs::read(&path).with_context(|| path.display().to_string())
}

/// The same as it is uploaded: gzipped, since the RPC of a node takes no request above a megabyte.
pub fn packed_wasm(contract: &str) -> Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&wasm(contract)?)?;
    Ok(packer.finish()?)
}
