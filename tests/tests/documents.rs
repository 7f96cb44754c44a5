//! The documents name what is there: every relative link leads to a file and to a heading of it, every
//! path that stands as code exists, and every test that SECURITY.md and the list of Akash's faults name is one.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use souk_tests::tools::root;

/// Folders without documents of our own.
const ELSEWHERE: [&str; 4] = ["target", "node_modules", ".git", "golden"];
/// Paths that programs write, or that stand for what a reader has.
const MADE: [&str; 9] = [
    "artifacts/*.wasm",
    "networks/local.ADDRESS.sqlite",
    "networks/local.deployment.json",
    "networks/local.terms.toml",
    "execute/<message>.rs",
    "contracts/provider-registry/src/execute/set_contact.rs",
    "packages/testing/tests/mine.rs",
    "cli/src/commands/<command>.rs",
    "cw20_base.wasm",
];
/// Endings by which a word with a slash is a path.
const ENDINGS: [&str; 13] = [
    ".rs", ".md", ".toml", ".sh", ".yaml", ".yml", ".json", ".txt", ".sql", ".go", ".mjs",
    ".jsonl", ".wasm",
];
/// Folders at the top by which a word is a path, whatever its ending.
const TOP: [&str; 11] = [
    "artifacts",
    "cli",
    "contracts",
    "docs",
    "examples",
    "networks",
    "packages",
    "provider-agent",
    "schema",
    "scripts",
    "tests",
];

/// Folders at the top that stand without a slash.
const CRATES: [&str; 2] = ["cli", "tests"];

/// A document.
struct Document {
    path: PathBuf,
    /// Its lines, with the number of each, code blocks left out.
    prose: Vec<(usize, String)>,
    /// Where its headings are found.
    anchors: BTreeSet<String>,
}

/// Files below a folder whose names end so.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !ELSEWHERE.contains(&name.as_str()) {
                files(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    files(&root(), ".md", &mut paths);
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Document {
    let text = fs::read_to_string(&path).unwrap();
    let (mut prose, mut anchors, mut fenced) = (Vec::new(), BTreeSet::new(), false);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            if line.starts_with('#') {
                anchors.insert(anchor(line.trim_start_matches('#').trim()));
            }
            prose.push((number, line.to_owned()));
        }
    }
    Document { path, prose, anchors }
}

/// What Markdown renderers make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The targets of a line's links.
fn links(line: &str) -> Vec<&str> {
    let after = line.split("](").skip(1);
    after.filter_map(|rest| rest.split(')').next()).collect()
}

/// What stands as code in a line.
fn codes(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Whether a word that stands as code is a path within the repository.
fn is_path(word: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "/._-*<>".contains(c);
    let top = word.split('/').next().is_some_and(|first| TOP.contains(&first));
    word.contains('/')
        && word.chars().all(letters)
        && !word.starts_with('/')
        && (top || ENDINGS.iter().any(|ending| word.ends_with(ending)))
}

/// Whether a path exists from one of these folders. `*` stands for any name.
fn exists(word: &str, from: &[&Path]) -> bool {
    from.iter().any(|folder| match word.split_once('*') {
        None => folder.join(word).exists(),
        Some((before, after)) => {
            let path = folder.join(before);
            let (inside, start) = match before.ends_with('/') {
                true => (path, String::new()),
                false => (
                    path.parent().unwrap().to_owned(),
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                ),
            };
            let entries = fs::read_dir(inside).into_iter().flatten().flatten();
            let mut fits =
                entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start));
            match after.strip_prefix('/') {
                Some(rest) => fits.any(|entry| exists(rest, &[&entry.path()])),
                None => fits.any(|entry| entry.file_name().to_string_lossy().ends_with(after)),
            }
        }
    })
}

/// Folders from which a document names paths: its own, the project's, and its crate's.
fn bases(document: &Path) -> Vec<PathBuf> {
    let mut bases = vec![root()];
    for folder in document.ancestors().skip(1).take_while(|folder| **folder != *root()) {
        bases.extend([folder.to_owned(), folder.join("src")]);
        if folder.join("Cargo.toml").exists() {
            break;
        }
    }
    bases
}

fn complain(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

fn place(document: &Document, number: usize) -> String {
    format!("{}:{number}", document.path.strip_prefix(root()).unwrap_or(&document.path).display())
}

/// All Rust code.
fn code() -> String {
    let mut sources = Vec::new();
    files(&root(), ".rs", &mut sources);
    sources.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// What stands as code in the last column of a page's tables.
fn last_column(page: &Document) -> BTreeSet<&str> {
    let rows = page.prose.iter().filter(|(_, line)| line.starts_with('|'));
    let cells = rows.filter_map(|(_, line)| line.trim_end_matches(" |").rsplit("| ").next());
    cells.flat_map(codes).collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading_of_it() {
    let documents = documents();
    let by_path: BTreeMap<PathBuf, &Document> =
        documents.iter().map(|document| (plain(&document.path), document)).collect();
    let (mut faults, mut seen) = (Vec::new(), 0);
    for document in &documents {
        for (number, line) in &document.prose {
            let relative = links(line).into_iter().filter(|link| !link.contains("://"));
            for link in relative {
                seen += 1;
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let folder = document.path.parent().unwrap();
                let target = match file {
                    "" => plain(&document.path),
                    file => plain(&folder.join(file)),
                };
                let known = by_path.get(&target);
                if !target.exists() {
                    faults.push(format!("{}: no file {file}", place(document, *number)));
                } else if !heading.is_empty()
                    && known.is_some_and(|known| !known.anchors.contains(heading))
                {
                    faults.push(format!("{}: no heading {link}", place(document, *number)));
                }
            }
        }
    }
    complain("links that lead nowhere", &faults);
    assert!(seen > 50, "only {seen} links were found");
}

#[test]
fn every_path_that_stands_as_code_exists() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for document in documents() {
        let bases = bases(&document.path);
        let bases: Vec<&Path> = bases.iter().map(PathBuf::as_path).collect();
        for (number, line) in &document.prose {
            let words = codes(line).flat_map(str::split_whitespace);
            for word in words.filter(|word| is_path(word) && !MADE.contains(word)) {
                seen += 1;
                if !exists(word, &bases) {
                    faults.push(format!("{}: {word}", place(&document, *number)));
                }
            }
        }
    }
    complain("paths that are not there", &faults);
    assert!(seen > 100, "only {seen} paths were found");
}

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let page = read(root().join("SECURITY.md"));
    let tests = last_column(&page);
    assert!(tests.len() > 40, "only {} tests are named", tests.len());
    let code = code();
    let missing = tests.into_iter().filter(|test| !code.contains(&format!("fn {test}(")));
    complain("tests that are not there", &missing.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn each_fault_of_akashs_chain_has_a_test_that_is_there() {
    let text = fs::read_to_string(root().join("docs/spec/akash.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| D")).collect();
    let code = code();
    let mut faults = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        assert!(row.starts_with(&format!("| D{number} |")), "each once, in their order: {row}");
        let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "D{number} has no test: {row}");
        let missing = tests.into_iter().filter(|test| !code.contains(&format!("fn {test}(")));
        faults.extend(missing.map(|test| format!("D{number}: {test}")));
    }
    assert_eq!(rows.len(), 12, "the list is whole");
    complain("tests that are not there", &faults);
}

#[test]
fn every_name_of_the_glossary_is_in_the_code() {
    let page = read(root().join("docs/glossary.md"));
    let code = code();
    let words: BTreeSet<&str> =
        code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let names = last_column(&page).into_iter();
    let names = names.filter(|name| !name.contains(['/', ' ', '-']) && !CRATES.contains(name));
    let unknown: Vec<String> = names
        .filter(|name| !name.split("::").all(|part| words.contains(part)))
        .map(str::to_owned)
        .collect();
    complain("names that are not in the code", &unknown);
}

#[test]
fn only_paths_are_taken_for_paths() {
    for (word, path) in [
        ("packages/core", true),
        ("docs/spec/", true),
        ("execute/place_bid.rs", true),
        ("artifacts/*.wasm", true),
        ("souk.market/provider", false),
        ("capabilities/gpu/...", false),
        ("/v1/status", false),
        ("https://x/y.json", false),
        ("lib.rs", false),
        ("tests", false),
    ] {
        assert_eq!(is_path(word), path, "{word}");
    }
}
