use souk_sdl::{Options, Severity, compile};

use crate::support::{BASE, accepted, edit, gpu, service, storage, warnings};

#[test]
fn what_is_accepted_but_hardly_meant_is_a_warning() {
    let idle = "services:\n  idle:\n    image: x\n";
    for (text, code) in [
        (service("imgae: x"), "unknown-key"),
        (edit(&[("count: 1", "count: 1\n      replicas: 2")]), "unknown-key"),
        (
            edit(&[(
                "    east:\n      pricing",
                "    east:\n      signedby: {anyOf: [a]}\n      pricing",
            )]),
            "unknown-key",
        ),
        (edit(&[("port: 80", "port: 80.7")]), "truncated"),
        (edit(&[("units: 1", "units: 1.0005")]), "truncated"),
        (edit(&[("size: 512Mi", "size: 1.1Mi")]), "truncated"),
        (gpu("units: 1\nattributes: {vendor: {nvidia: [{model: x1, ram: 1.5Gi}]}}"), "truncated"),
        (gpu("units: 1\nattributes: {vendor: {nvdia: [{model: x1}]}}"), "unknown-value"),
        (service("env: [A=1, ~]"), "empty-entry"),
        (service("env: [A=1, A=2]"), "duplicate-env"),
        (service("dependencies: [{service: db}]"), "unknown-service"),
        (service("params: {permissions: {read: [log]}}"), "unknown-value"),
        (edit(&[("- global: true", "- global: true\n          - service: db")]), "unknown-service"),
        (
            edit(&[(
                "- global: true",
                "- global: true\n            http_options: {next_tries: 1}",
            )]),
            "no-effect",
        ),
        (edit(&[("port: 80", "port: 80\n        as: 70000")]), "out-of-range"),
        (
            edit(&[("port: 80", "port: 80\n        http_options: {read_timeout: 0}")]),
            "zero-is-default",
        ),
        (storage("size: 1Gi\nattributes: {persistent: on}").replacen("2.0", "2.1", 1), "no-class"),
        (
            storage("- size: 1Gi\n- name: d\n  size: 1Gi\n  attributes: {persistent: true}")
                .replacen("2.0", "2.1", 1),
            "missing-mount",
        ),
        (storage("name: data\nsize: 1Gi"), "no-effect"),
        (BASE.replacen("        memory:", "        gpu: 1\n        memory:", 1), "no-effect"),
        (
            edit(&[(
                "    east:\n      pricing",
                "    east:\n      attributes: {9x: y}\n      pricing",
            )]),
            "invalid-name",
        ),
        (format!("{BASE}{idle}"), "unused"),
        (edit(&[("  placement:", "    idle: {}\n  placement:")]), "unused"),
        (
            edit(&[(
                "        small:\n",
                "        smal: {denom: usouk, amount: 1}\n        small:\n",
            )]),
            "unknown-profile",
        ),
        (format!("{BASE}---\nversion: \"2.0\"\n"), "more-documents"),
        (edit(&[("\"2.0\"", "\"3.0\"")]), "version"),
    ] {
        let found = warnings(&text);
        assert!(found.contains(&code.to_owned()), "{code}, but {found:?}:\n{text}");
    }
    assert_eq!(warnings(BASE), [""; 0]);
}

#[test]
fn strict_makes_warnings_errors() {
    let text = service("imgae: x");
    accepted(&text);
    let found = compile(&text, &Options { strict: true }).unwrap_err();
    assert!(found.0.iter().all(|finding| finding.severity == Severity::Error));
    assert_eq!(found.0[0].code, "unknown-key");
    assert!(compile(BASE, &Options { strict: true }).is_ok());
}
