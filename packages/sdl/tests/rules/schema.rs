use souk_sdl::{schema, templates};

use crate::support::{BASE, edit, service};

fn errors(text: &str) -> Vec<String> {
    let schema = schema::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let instance = schema::as_json(text).unwrap();
    validator
        .iter_errors(&instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn good_files_fit_the_schema() {
    assert_eq!(errors(BASE), [""; 0]);
    let absence = "souk: {absence: {limit: 12h, closes: anyone, then: reopen}}\n";
    assert_eq!(errors(&format!("{BASE}{absence}")), [""; 0]);
    for template in templates::ALL {
        assert_eq!(errors(template.text), [""; 0], "{}", template.name);
    }
}

#[test]
fn mistakes_do_not_fit_the_schema() {
    for text in [
        service("imgae: x"),
        edit(&[("image: nginx", "image: [nginx]")]),
        edit(&[("port: 80", "port: \"80\"")]),
        edit(&[("size: 512Mi", "size: 512mb")]),
        edit(&[("count: 1", "count: \"1\"")]),
        edit(&[("denom: usouk\n", "")]),
        format!("{BASE}x-common: 1\n"),
        format!("{BASE}souk: {{price: {{per: day}}}}\n"),
        format!("{BASE}souk: {{absence: {{then: stop}}}}\n"),
        format!("{BASE}souk: {{absence: {{limit: 12}}}}\n"),
    ] {
        assert!(!errors(&text).is_empty(), "{text}");
    }
}

#[test]
fn json_has_aliases_followed_and_scalars_as_akash_takes_them() {
    let json =
        schema::as_json("a: &x {b: 0120, c: yes, d: ~}\ne: {<<: *x, d: 1.5}\nf: \"1\"\n").unwrap();
    let expected = serde_json::json!({
        "a": {"b": 80, "c": "yes", "d": null},
        "e": {"b": 80, "c": "yes", "d": 1.5},
        "f": "1",
    });
    assert_eq!(json, expected);
    assert!(schema::as_json(&"[".repeat(100)).is_err());
    assert!(schema::as_json(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_err());
}
