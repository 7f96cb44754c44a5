//! The dialect: libyaml's YAML 1.1 with yaml.v3's habits.

use crate::support::{BASE, accepted, codes, edit, first, hash, service};

fn env(value: &str) -> Vec<String> {
    first(&service(&format!("env:\n{value}"))).env.unwrap()
}

#[test]
fn scalars_fold_and_keep_their_lines() {
    assert_eq!(env("  - A=one\n    two\n\n    three"), ["A=one two\nthree"]);
    assert_eq!(env("  - |\n    A=one\n      two\n\n    three"), ["A=one\n  two\n\nthree\n"]);
    assert_eq!(env("  - >-\n    A=one\n    two\n\n    three\n"), ["A=one two\nthree"]);
    assert_eq!(env("  - |+\n    A=1\n\n  - B"), ["A=1\n\n", "B"]);

    assert_eq!(env("  - \"A=\\x41\\u00e9\\n\\t\\\\ \\\n    b\""), ["A=Aé\n\t\\ b"]);
    assert_eq!(env("  - 'A=it''s'"), ["A=it's"]);
}

#[test]
fn brackets_and_quotes_may_close_where_yaml_1_2_forbids_it() {
    let flow =
        edit(&[("image: nginx", "image: nginx\n    command: [\n  \"sh\",\n'-c' # why\n    ]")]);
    assert_eq!(first(&flow).command.unwrap(), ["sh", "-c"]);
    let quoted = edit(&[("image: nginx", "image: \"ngi\\\nnx\"")]);
    assert_eq!(first(&quoted).image, "nginx");
}

#[test]
fn tabs_separate_but_do_not_indent() {
    assert_eq!(hash(&edit(&[("image: nginx", "image:\tnginx\t# a comment")])), hash(BASE));
    for text in ["    image: nginx\n\t", "    image: nginx\n\tcommand: [a]\n"] {
        assert_eq!(codes(&edit(&[("    image: nginx\n", text)])), ["not-yaml"], "{text:?}");
    }
}

#[test]
fn line_breaks_may_be_any() {
    assert_eq!(hash(&BASE.replace('\n', "\r\n")), hash(BASE));
    assert_eq!(hash(&BASE.replace('\n', "\r")), hash(BASE));
    assert_eq!(hash(&BASE.replace('\n', "\u{85}")), hash(BASE));
}

#[test]
fn anchors_and_merge_keys_work() {
    let merged = edit(&[
        ("    image: nginx\n", "    <<: *common\n    image: nginx\n"),
        ("services:\n", "services:\n  idle: &common\n    image: other\n    env: [A=1]\n"),
    ]);
    let service = first(&merged);
    assert_eq!((service.image.as_str(), service.env.unwrap()), ("nginx", vec!["A=1".to_owned()]));
    let list = edit(&[
        ("    image: nginx\n", "    <<: [*a, *b]\n"),
        ("services:\n", "services:\n  x: &a {image: one}\n  y: &b {image: two, env: [B]}\n"),
    ]);
    let service = first(&list);
    assert_eq!((service.image.as_str(), service.env.unwrap()), ("one", vec!["B".to_owned()]));
    for merge in ["<<: x", "<<: [x]", "<<: ~", "<<: [[a]]"] {
        assert_eq!(
            codes(&edit(&[("    image: nginx\n", &format!("    image: nginx\n    {merge}\n"))])),
            ["wrong-type"]
        );
    }
}

#[test]
fn an_alias_needs_an_anchor_above_it_and_may_not_contain_itself() {
    assert_eq!(codes(&edit(&[("image: nginx", "image: *x")])), ["not-yaml"]);
    let cycle =
        edit(&[("  app:\n    image: nginx\n", "  app: &me\n    image: nginx\n    <<: *me\n")]);
    assert_eq!(codes(&cycle), ["alias"]);
}

#[test]
fn duplicate_keys_are_errors_where_keys_are_read() {
    let twice = codes(&edit(&[("image: nginx", "image: nginx\n    image: other")]));
    assert_eq!(twice, ["duplicate-key"]);
    assert_eq!(codes(&edit(&[("deployment:\n", "deployment:\n  app: {}\n")])), ["duplicate-key"]);
    assert_eq!(codes(&service("<<: {}\n<<: {}")), ["duplicate-key"]);
}

#[test]
fn tags_say_what_a_scalar_is() {
    assert_eq!(hash(&edit(&[("port: 80", "port: !!int \"80\"")])), hash(BASE));
    assert_eq!(hash(&edit(&[("image: nginx", "image: !!binary bmdpbng=")])), hash(BASE));
    assert_eq!(hash(&edit(&[("image: nginx", "image: !custom nginx")])), hash(BASE));
    for text in ["!!int x", "!!bool 1", "!!binary '?'", "!!float a"] {
        assert_eq!(
            codes(&edit(&[("image: nginx", &format!("image: {text}"))])),
            ["wrong-type"],
            "{text}"
        );
    }
}

#[test]
fn directives_are_those_of_yaml_1_1() {
    assert_eq!(hash(&format!("%YAML 1.1\n---\n{BASE}")), hash(BASE));
    for head in ["%YAML 1.2\n---\n", "%FOO x\n---\n", "%YAML 1.1\n"] {
        assert_eq!(codes(&format!("{head}{BASE}")), ["not-yaml"], "{head}");
    }
}

#[test]
fn only_the_first_document_counts_however_broken_the_next_is() {
    assert_eq!(hash(&format!("---\n{BASE}---\nother: [\n")), hash(BASE));
    assert_eq!(hash(&format!("{BASE}...\n")), hash(BASE));
}

#[test]
fn names_that_look_like_other_things_are_names() {
    let text = BASE.replace("small", "80").replace("east", "true");
    assert_eq!(accepted(&text).groups[0].name, "true");
}

#[test]
fn a_list_as_file_is_read_as_pairs() {
    // Akash's loop over the top level does not ask what it loops over.
    let sections: Vec<&str> = BASE.split_inclusive('\n').collect();
    let mut list = String::new();
    for line in sections {
        if line.starts_with(' ') {
            list.push_str(&format!("  {line}"));
        } else {
            let (key, value) = line.trim_end().split_once(':').unwrap();
            list.push_str(&format!("- {key}\n-{value}\n"));
        }
    }
    assert_eq!(hash(&list), hash(BASE));
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert!(souk_sdl::schema::as_json(&text).is_err());
    // In SDL the nesting is bounded, the multiplication is not.
    let to = vec!["{service: app}"; 300].join(", ");
    let ports = vec!["{port: 1, to: *to}"; 300].join(", ");
    let services: String =
        (0..300).map(|n| format!("  s{n}: {{image: x, expose: *ports}}\n")).collect();
    let bomb = format!(
        "services:\n  t: {{image: x, expose: [{{port: 1, to: &to [{to}]}}]}}\n  p: {{image: x, expose: &ports [{ports}]}}\n{services}"
    );
    let text = BASE.replacen("services:\n", &bomb, 1);
    assert!(codes(&text).contains(&"alias".to_owned()));
}

#[test]
fn large_and_deep_files_get_an_answer() {
    let deep = format!("version: \"2.0\"\nx: {}", "[".repeat(9_000));
    codes(&deep);
    codes(&"[".repeat(2_000_000));
    codes(&"- ".repeat(1_000_000));
    codes(&"? ".repeat(500_000));
    codes(&format!("a: \"{}", "\n ".repeat(1_000_000)));
    codes(&"#\n".repeat(1_000_000));
    codes(&"&a ".repeat(500_000));
    codes(&"a: b\n".repeat(200_000));
    let keys: String = (0..150_000).map(|n| format!("  k{n}: x\n")).collect();
    codes(&format!("version: \"2.0\"\nservices:\n{keys}"));
    let names: String = (0..40_000)
        .map(|n| format!("  servicenumber{n}: {{p: {{profile: x, count: 1}}}}\n"))
        .collect();
    codes(&format!(
        "version: \"2.0\"\nservices:\n{}deployment:\n{names}",
        names.replace("number", "numbre")
    ));
    let merges: String =
        (1..20_000).map(|n| format!("  m{n}: &m{n} {{<<: *m{}}}\n", n - 1)).collect();
    codes(&format!("version: \"2.0\"\nservices:\n  m0: &m0 {{image: x}}\n{merges}"));
    codes(&format!(
        "version: \"2.0\"\nservices:\n  a: {}{}",
        "{<<: ".repeat(9_000),
        "}".repeat(9_000)
    ));
}

#[test]
fn a_file_that_would_make_a_huge_manifest_is_refused() {
    let env: String = (0..20_000).map(|n| format!("VARIABLE{n}=x, ")).collect();
    let placements: String = (0..2_000)
        .map(|n| format!("    p{n}: {{pricing: {{small: {{denom: usouk, amount: 1}}}}}}\n"))
        .collect();
    let deployed: String =
        (0..2_000).map(|n| format!("    p{n}: {{profile: small, count: 1}}\n")).collect();
    let text = edit(&[
        ("image: nginx", &format!("image: nginx\n    env: [{env}]")),
        ("  placement:\n", &format!("  placement:\n{placements}")),
        ("deployment:\n  app:\n", &format!("deployment:\n  app:\n{deployed}")),
    ]);
    assert_eq!(codes(&text), ["too-large"]);
    assert_eq!(codes(&" ".repeat(souk_sdl::text::MAX_BYTES + 1)), ["too-large"]);
}
