//! Names that the repository does not use any more, by `tests/forbidden-names.txt`.
#![allow(clippy::unwrap_used)]

use std::{fmt::Write as _, fs};

use souk_tests::{
    names::{List, Source},
    tools,
};

const LIST: &str = "tests/forbidden-names.txt";

/// The tracked files that are read.
fn files() -> Vec<String> {
    tools::tracked(&["*.rs", "*.md", "schema"])
}

#[test]
fn no_file_uses_a_forbidden_name() {
    let list = List::parse(&fs::read_to_string(tools::root().join(LIST)).unwrap()).unwrap();
    let (mut read, mut refused, mut count) = (0, String::new(), 0);
    for path in files() {
        // A file that was deleted or moved and is not committed yet.
        let Ok(text) = fs::read_to_string(tools::root().join(&path)) else { continue };
        read += 1;
        for found in list.find(&Source { path: &path, text: &text }) {
            count += 1;
            writeln!(refused, "{path}:{}: `{}`: use {}", found.line, found.name, found.instead)
                .unwrap();
        }
    }
    assert!(read > 500, "only {read} files were read");
    assert!(count == 0, "{count} names of {LIST} are used:\n{refused}");
}

#[test]
fn every_exception_is_still_needed() {
    let list = List::parse(&fs::read_to_string(tools::root().join(LIST)).unwrap()).unwrap();
    let texts: Vec<(String, String)> = files()
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read_to_string(tools::root().join(path)).ok()?)))
        .collect();
    let unused = list.unused_exceptions(texts.iter().map(|(path, text)| Source { path, text }));
    let lines: Vec<String> =
        unused.into_iter().map(|one| format!("`{}` in {}", one.name, one.path)).collect();
    assert!(lines.is_empty(), "{LIST}: exceptions that nothing needs: {}", lines.join(", "));
}
