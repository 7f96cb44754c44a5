use souk_sdl::{CompileReport, Options, compile, compile_bytes};

use crate::support::{BASE, edit, refused, storage};

#[test]
fn an_error_shows_file_line_column_snippet_and_suggestion() {
    let text =
        storage("- size: 1Gi\n- name: data\n  size: 2Gi\n  attributes:\n    persistant: true");
    let shown = refused(&text).render("app.yaml", &text, false);
    let expected = "\
error[unknown-key]: the storage attribute `persistant` is unknown
  --> app.yaml:22:15
   |
22 |               persistant: true
   |               ^^^^^^^^^^
   = help: did you mean `persistent`?

";
    assert_eq!(shown, expected);
}

#[test]
fn colours_are_added_on_request() {
    let text = edit(&[("port: 80", "port: \"80\"")]);
    let found = refused(&text);
    assert!(found.render("f", &text, true).contains("\x1b[1;31merror"));
    assert!(!found.render("f", &text, false).contains('\x1b'));
}

#[test]
fn places_count_characters_and_tabs_stay_tabs() {
    let text = BASE.replacen("image: nginx", "image: nginx\n    env: [\"é=\t1\", \"B 2\"]", 1);
    let found = refused(&text);
    let places: Vec<_> = found.errors().map(|e| (e.line, e.column, e.length)).collect();
    assert_eq!(places, [(5, 11, 6), (5, 19, 5)]);
    let shown = found.render("f", &text, false);
    let marks = format!("  | {}\t    ^^^^^\n", " ".repeat(13));
    assert!(shown.contains(&marks), "{shown}");
}

#[test]
fn texts_that_are_no_yaml_say_where_and_what_to_do() {
    for (text, line, help) in [
        ("version: \"2.0\nservices:\n", 1, "never closed"),
        ("a: b: c\n", 1, "quotes"),
        ("a:\n\t- b\n", 2, "spaces"),
        ("a: @b\n", 1, "quotes"),
        ("a: *x\n", 1, "anchor"),
        ("a: [1, 2\nb: 3\n", 2, "opens in line 1"),
        ("a: 1\n b: 2\n", 2, "`:`"),
    ] {
        let found = refused(text);
        assert_eq!(found.0.len(), 1, "{found}");
        assert_eq!(
            (found.0[0].code.as_ref(), found.0[0].line),
            ("not-yaml", line),
            "{text}: {found}"
        );
        assert!(found.to_string().contains(help), "{text}: {found}");
    }
}

#[test]
fn bytes_must_be_a_text() {
    let code =
        |bytes: &[u8]| compile_bytes(bytes, &Options::default()).unwrap_err().0[0].code.to_string();
    assert_eq!(code(b"a: \xff"), "not-text");
    assert_eq!(code(b"a: \x07"), "not-text");
    assert_eq!(code("a: \u{7f}".as_bytes()), "not-text");
    assert_eq!(code(b"\xff\xfea"), "not-text");
    let utf16: Vec<u8> =
        [0xFFu8, 0xFE].into_iter().chain(BASE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let utf8 = compile(BASE, &Options::default()).unwrap();
    assert_eq!(compile_bytes(&utf16, &Options::default()).unwrap(), utf8);
    assert_eq!(compile(&format!("\u{feff}{BASE}"), &Options::default()).unwrap(), utf8);
}

#[test]
fn a_report_has_exactly_the_documented_keys() {
    for text in [BASE, "a: 1\n"] {
        let result = compile(text, &Options::default());
        let report = CompileReport::new("app.yaml", &result);
        let json = serde_json::to_string(&report).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["errors", "file", "groups", "manifest", "ok", "version", "warnings"]);
        assert_eq!(value["ok"], result.is_ok());
        assert_eq!(serde_json::from_str::<CompileReport>(&json).unwrap(), report);
    }
}

#[test]
fn findings_are_capped_and_say_so() {
    let keys: String = (0..3000).map(|n| format!("    key{n}: 1\n")).collect();
    let text = BASE.replacen("    image: nginx\n", &format!("    image: nginx\n{keys}"), 1);
    let warnings = compile(&text, &Options::default()).unwrap().warnings;
    assert_eq!(warnings.0.len(), 1001);
    assert!(warnings.0.iter().any(|finding| finding.message.contains("2000 more")));
}
