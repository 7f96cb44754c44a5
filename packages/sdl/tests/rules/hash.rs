//! Version hashes that Akash's tools computed for files of ours.

use std::{fs, path::Path};

use serde::Deserialize;
use souk_sdl::{Manifest, Options, compile};

#[derive(Deserialize)]
struct Golden {
    file: String,
    version: String,
    manifest: serde_json::Value,
    groups: serde_json::Value,
}

#[test]
fn our_files_give_the_bytes_that_akashs_tools_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let rows = fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    assert!(rows.lines().count() >= 5);
    for row in rows.lines() {
        let golden: Golden = serde_json::from_str(row).unwrap();
        let text = fs::read_to_string(folder.join(&golden.file)).unwrap();
        let compiled = compile(&text, &Options::default()).unwrap();
        assert_eq!(hex::encode(compiled.version), golden.version, "{}", golden.file);
        assert_eq!(
            serde_json::to_value(&compiled.manifest).unwrap(),
            golden.manifest,
            "{}",
            golden.file
        );
        assert_eq!(
            serde_json::to_value(&compiled.groups).unwrap(),
            golden.groups,
            "{}",
            golden.file
        );
    }
}

#[test]
fn the_canonical_json_is_the_manifests_json_with_sorted_keys() {
    for template in souk_sdl::templates::ALL {
        let manifest = compile(template.text, &Options::default()).unwrap().manifest;
        let value: serde_json::Value = serde_json::from_str(&manifest.canonical_json()).unwrap();
        assert_eq!(value, serde_json::to_value(&manifest).unwrap());
        assert_eq!(sorted(&value), manifest.canonical_json());
    }
}

/// Any JSON with sorted keys and without blanks.
fn sorted(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key:?}:{}", sorted(value))).collect();
            format!("{{{}}}", entries.join(","))
        }
        serde_json::Value::Array(list) => {
            format!("[{}]", list.iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        other => {
            let html = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026")];
            html.into_iter().fold(other.to_string(), |json, (from, to)| json.replace(from, to))
        }
    }
}

#[test]
fn a_manifest_that_would_not_write_back_to_its_bytes_is_refused() {
    let text = souk_sdl::templates::POSTGRES.text;
    let json =
        serde_json::to_string(&compile(text, &Options::default()).unwrap().manifest).unwrap();
    assert_eq!(
        serde_json::to_string(&serde_json::from_str::<Manifest>(&json).unwrap()).unwrap(),
        json
    );
    for (from, to) in [
        (r#""credentials":null"#, r#""credentials":null,"extra":1"#),
        (r#""command":null,"#, ""),
        (r#""val":"1000""#, r#""val":"01000""#),
        (r#""val":"1000""#, r#""val":1000"#),
        (r#""endpoints":[]"#, r#""endpoints":[{"kind":0,"sequence_number":0}]"#),
        (r#""endpoints":[]"#, r#""endpoints":[{"kind":3,"sequence_number":0}]"#),
        (r#""units":{"val":"0"}"#, r#""units":{"val":"0"},"attributes":[]"#),
        (r#""proto":"TCP""#, r#""proto":"tcp""#),
    ] {
        assert!(json.contains(from), "{from} is not in {json}");
        let changed = json.replacen(from, to, 1);
        assert!(serde_json::from_str::<Manifest>(&changed).is_err(), "{to}");
    }
}
