//! What the sources of the contracts never do, unit tests in them included.
#![allow(clippy::unwrap_used)]

use std::fs;

use souk_tests::tools;

/// A panic in a contract says nothing on a chain, and one in a unit test says less than its error.
#[test]
fn no_contract_unwraps() {
    let (mut read, mut found) = (0, Vec::new());
    for path in tools::tracked(&["contracts/*/src/*.rs"]) {
        let Ok(text) = fs::read_to_string(tools::root().join(&path)) else { continue };
        read += 1;
        let unwraps = |line: &str| line.contains(".unwrap()") || line.contains(".expect(");
        let lines = text.lines().enumerate().filter(|(_, line)| unwraps(line));
        found.extend(lines.map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim())));
    }
    assert!(read > 100, "only {read} files were read");
    assert!(found.is_empty(), "give the error back instead:\n{}", found.join("\n"));
}
