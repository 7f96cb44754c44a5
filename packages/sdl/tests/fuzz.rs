//! No input makes the compiler panic or hang.
//!
//! Within `cargo test` each target runs a bounded number of inputs. bolero's own variables make it
//! longer, as `scripts/test` does: `BOLERO_RANDOM_ITERATIONS=1000000000
//! BOLERO_RANDOM_TEST_TIME_MS=60000 cargo test -p souk-sdl --test fuzz` takes a minute.
//! `cargo bolero test` finds inputs by coverage.
#![allow(clippy::unwrap_used)]

use bolero::check;
use souk_sdl::{CompileReport, Manifest, Mapping, Options, compile_bytes, schema, templates};

/// Compiles, and uses what comes out in every way there is.
fn exercise(bytes: &[u8]) {
    let result = compile_bytes(bytes, &Options::default());
    let report = CompileReport::new("fuzz", &result);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<CompileReport>(&json).unwrap(), report);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = schema::as_json(text);
        if let Err(found) = &result {
            assert!(found.errors().next().is_some());
            found.render("fuzz", text, true);
        }
    }
    if let Ok(compiled) = result {
        let _ = compiled.order_groups(&Mapping::default());
        let sent = serde_json::to_vec(&compiled.manifest).unwrap();
        let arrived: Manifest = serde_json::from_slice(&sent).unwrap();
        assert_eq!(arrived.version(), compiled.version);
    }
}

#[test]
fn any_bytes() {
    check!().with_iterations(20_000).with_max_len(512).for_each(exercise);
}

/// Words of YAML and SDL, so that more than the first token is reached.
const WORDS: &[&str] = &[
    "version: \"2.1\"\n",
    "services:",
    "profiles:",
    "deployment:",
    "endpoints:",
    "souk:",
    "image: ",
    "expose:",
    "port: ",
    "to:",
    "global: true",
    "storage:",
    "size: ",
    "gpu:",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "- ",
    "? ",
    ": ",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!!int ",
    "!!binary ",
    "!",
    "|",
    ">",
    "|2-",
    "\"",
    "'",
    "\\",
    "\\x4",
    "#",
    " # c",
    "\t",
    "\r\n",
    "---",
    "...",
    "%YAML 1.1",
    "%TAG ! x",
    "~",
    "80",
    "0x50",
    "1_0",
    ".5",
    "1e3",
    "512Mi",
    "100m",
    "é",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "😀",
    "a",
    " ",
];

#[test]
fn any_words() {
    check!().with_iterations(20_000).with_type::<Vec<u8>>().for_each(|picks: &Vec<u8>| {
        let text: String =
            picks.iter().map(|pick| WORDS[usize::from(*pick) % WORDS.len()]).collect();
        exercise(text.as_bytes());
    });
}

/// An edit of a text: where, how much is cut, and what is put there.
type Edit = (u16, u8, u8);

#[test]
fn any_edits_of_good_files() {
    let target = check!().with_iterations(4_000).with_type::<(u8, Vec<Edit>)>();
    target.for_each(|(which, edits): &(u8, Vec<Edit>)| {
        let template = templates::ALL[usize::from(*which) % templates::ALL.len()];
        let mut bytes = template.text.as_bytes().to_vec();
        for (at, cut, put) in edits.iter().take(6) {
            let at = usize::from(*at) % (bytes.len() + 1);
            let end = (at + usize::from(*cut % 16)).min(bytes.len());
            let word = WORDS[usize::from(*put) % WORDS.len()];
            bytes.splice(at..end, word.bytes());
        }
        exercise(&bytes);
    });
}
