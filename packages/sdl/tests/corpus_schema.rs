//! The schema over the corpus: it takes what compiles without a warning, and refuses at least
//! what misspells a key.
#![allow(clippy::unwrap_used)]

mod common;

use souk_sdl::{Options, compile, schema};

/// Warnings about the file's meaning, not about its form.
const ABOUT_MEANING: &[&str] = &[
    "unused",
    "missing-mount",
    "version",
    "duplicate-env",
    "unknown-service",
    "unknown-profile",
    "truncated",
    "more-documents",
    "zero-is-default",
];

#[test]
fn files_of_the_corpus_fit_the_schema_unless_they_are_warned_about() {
    let Some(corpus) = common::corpus() else { return };
    let validator = jsonschema::validator_for(&schema::schema()).unwrap();
    let (mut fitting, mut misspelt) = (0, 0);
    for row in corpus.rows().iter().filter(|row| row.ok) {
        let text = String::from_utf8(corpus.read(&row.file)).unwrap();
        let compiled = compile(&text, &Options::default()).unwrap();
        let twice = compiled.warnings.0.iter().any(|warning| warning.code == "duplicate-key");
        let Ok(instance) = schema::as_json(&text) else {
            assert!(twice, "{} is no JSON, but has no key twice", row.file);
            continue;
        };
        let mut warnings = compiled.warnings.0.iter().map(|warning| warning.code.as_ref());
        if compiled.warnings.0.iter().any(|warning| warning.code == "unknown-key") {
            assert!(!validator.is_valid(&instance), "{} has an unknown key, but fits", row.file);
            misspelt += 1;
        } else if warnings.all(|code| ABOUT_MEANING.contains(&code)) {
            let errors: Vec<_> = validator
                .iter_errors(&instance)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", row.file);
            fitting += 1;
        }
    }
    assert!(fitting > 150 && misspelt > 5, "{fitting} fit, {misspelt} misspelt");
}
