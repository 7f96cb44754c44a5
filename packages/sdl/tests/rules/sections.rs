use crate::support::{BASE, accepted, codes, edit, hash, refused, warnings};

#[test]
fn unknown_sections_are_errors() {
    for key in ["x-common", "service", "<<", "Services"] {
        assert_eq!(codes(&format!("{BASE}{key}: {{}}\n")), ["unknown-key"], "{key}");
    }
}

#[test]
fn sections_may_stand_in_any_order() {
    let (head, deployment) = BASE.split_once("deployment:").unwrap();
    let turned = format!("deployment:{deployment}{head}");
    assert_eq!(hash(&turned), hash(BASE));
}

#[test]
fn a_section_that_stands_there_twice_is_merged() {
    let second = "services:\n  other:\n    image: busybox\n";
    let compiled = accepted(&format!("{BASE}{second}"));
    assert_eq!(compiled.manifest[0].services.len(), 1, "the second service is not deployed");
    assert!(warnings(&format!("{BASE}{second}")).contains(&"duplicate-key".to_owned()));
    // The same name in the second section replaces the service.
    let replaced = format!(
        "{BASE}services:\n  app:\n    image: other\n    expose: [{{port: 1, to: [{{global: true}}]}}]\n"
    );
    assert_eq!(accepted(&replaced).manifest[0].services[0].image, "other");
    // Nothing in a second section takes nothing away from services, but all from deployment.
    assert_eq!(hash(&format!("{BASE}services:\n  app:\n")), hash(BASE));
    assert_eq!(codes(&format!("{BASE}services:\n")), ["unknown-service"]);
    assert_eq!(codes(&format!("{BASE}deployment:\n  app:\n")), ["no-deployment"]);
}

#[test]
fn names_must_lead_somewhere() {
    for (edits, code) in [
        ([("      profile: small", "      profile: smal")], "unknown-profile"),
        ([("      profile: small\n", "")], "unknown-profile"),
        ([("    east:\n      profile", "    west:\n      profile")], "unknown-profile"),
        ([("        small:\n          denom", "        big:\n          denom")], "missing-price"),
        ([("deployment:\n  app:", "deployment:\n  apq:")], "unknown-service"),
        ([("    small:\n      resources:", "    small:\n      resource:")], "missing-key"),
    ] {
        assert_eq!(codes(&edit(&edits)), [code], "{edits:?}");
    }
}

#[test]
fn something_must_be_deployed() {
    let (head, _) = BASE.split_once("deployment:").unwrap();
    for text in
        [head.to_owned(), format!("{head}deployment:\n"), format!("{head}deployment:\n  app:\n")]
    {
        assert_eq!(codes(&text), ["no-deployment"], "{text}");
    }
    assert_eq!(codes(""), ["empty"]);
    assert_eq!(codes("# nothing\n"), ["empty"]);
}

#[test]
fn a_service_without_placement_does_not_run() {
    let text = format!("{BASE}  idle:\n");
    let text = text.replacen("services:\n", "services:\n  idle:\n    image: x\n", 1);
    assert_eq!(accepted(&text).manifest[0].services.len(), 1);
}

#[test]
fn reclamation_needs_a_window_above_zero() {
    let with = |window: &str| format!("{BASE}reclamation:\n  min_window: {window}\n");
    for (window, nanoseconds) in
        [("24h", 86_400_000_000_000), ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000)]
    {
        assert_eq!(accepted(&with(window)).min_reclamation_window, Some(nanoseconds), "{window}");
    }
    for window in ["0", "-1h", "1d", "soon", "~", "5"] {
        assert_eq!(codes(&with(window)), ["invalid-duration"], "{window}");
    }
    assert_eq!(hash(&with("1h")), hash(BASE), "the window is not part of the manifest");
}

#[test]
fn all_errors_of_a_file_come_at_once() {
    let text = edit(&[
        ("image: nginx", "image: [nginx]"),
        ("port: 80", "port: \"80\""),
        ("size: 512Mi", "size: 512mb"),
        ("amount: 1000", "amount: -1"),
        ("profile: small", "profile: smal"),
    ]);
    let found = refused(&text);
    let places: Vec<_> = found.errors().map(|error| (error.line, error.code.as_ref())).collect();
    assert_eq!(
        places,
        [
            (4, "wrong-type"),
            (6, "wrong-type"),
            (16, "invalid-quantity"),
            (24, "invalid-price"),
            (28, "unknown-profile"),
        ]
    );
}
