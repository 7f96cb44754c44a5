//! Every file of the corpus: same verdict, version hash, manifest and groups as Akash.
#![allow(clippy::unwrap_used)]

mod common;

use souk_sdl::{CompileReport, Options, compile_bytes};

#[test]
fn every_file_of_the_corpus_compiles_to_akashs_bytes() {
    let Some(corpus) = common::corpus() else { return };
    let mut wrong = Vec::new();
    let rows = corpus.rows();
    assert!(rows.len() > 400, "only {} rows in the corpus", rows.len());
    for row in &rows {
        let bytes = corpus.read(&row.file);
        let result = compile_bytes(&bytes, &Options::default());
        let report = CompileReport::new(&row.file, &result);
        if let Some(difference) = difference(row, &report) {
            wrong.push(format!("{}: {difference}", row.file));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn difference(row: &common::Row, report: &CompileReport) -> Option<String> {
    match (row.ok, report.ok) {
        (true, false) => return Some(format!("refused: {:?}", report.errors)),
        (false, true) => return Some(format!("accepted, Akash: {:?}", row.error)),
        (false, false) => return None,
        (true, true) => {}
    }
    let manifest = serde_json::to_string(report.manifest.as_ref().unwrap()).unwrap();
    let groups = serde_json::to_string(report.groups.as_ref().unwrap()).unwrap();
    for (what, ours, theirs) in [
        ("manifest", &manifest, &row.plain_manifest()),
        ("groups", &groups, &row.plain_groups()),
        ("version", report.version.as_ref().unwrap(), row.version.as_ref().unwrap()),
    ] {
        if ours != theirs {
            return Some(format!("{what}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    None
}
