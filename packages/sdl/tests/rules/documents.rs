//! The examples of `docs/keys.md` compile.

use std::collections::BTreeMap;

use souk_sdl::{Options, compile};

use crate::support::accepted;

const KEYS: &str = include_str!("../../docs/keys.md");

/// The fenced YAML blocks of a document.
fn blocks(document: &str) -> Vec<String> {
    let fenced = document.split("```yaml\n").skip(1);
    fenced.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A file's sections by name, with their lines.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            name = line.split(':').next().unwrap().to_owned();
        }
        let section = sections.entry(name.clone()).or_default();
        section.push_str(line);
        section.push('\n');
    }
    sections
}

#[test]
fn every_example_of_the_page_compiles_with_the_sections_at_its_top() {
    let blocks = blocks(KEYS);
    assert!(blocks.len() >= 14);
    let base = sections(&blocks[0]);
    for block in &blocks {
        let mut whole = base.clone();
        whole.extend(sections(block));
        let text: String = whole.into_values().collect();
        accepted(&text);
    }
}

#[test]
fn the_examples_name_every_key_that_the_schema_knows() {
    let all = blocks(KEYS).concat();
    let schema = souk_sdl::schema::schema();
    let mut objects = vec![&schema];
    objects.extend(schema["$defs"].as_object().unwrap().values());
    for object in objects {
        for key in object["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            assert!(all.contains(&format!("{key}:")), "`{key}` has no example");
        }
    }
}

#[test]
fn the_examples_give_no_warnings_but_the_ones_that_are_meant() {
    let meant = ["unused", "missing-mount", "no-effect"];
    let text = blocks(KEYS).remove(0);
    let compiled = compile(&text, &Options { strict: true });
    assert!(compiled.is_ok(), "{compiled:?}");
    let base = sections(&text);
    for block in blocks(KEYS) {
        let mut whole = base.clone();
        whole.extend(sections(&block));
        let compiled = accepted(&whole.into_values().collect::<String>());
        for warning in compiled.warnings.warnings() {
            assert!(meant.contains(&warning.code.as_ref()), "{warning}\n{block}");
        }
    }
}
