use souk_sdl::Attribute;

use crate::support::{codes, edit_of, first, hash, storage, v2_1};

fn attributes(text: &str) -> Vec<Attribute> {
    let text = storage(&format!("- size: 1Gi\n- name: data\n  size: 2Gi\n  attributes: {text}"));
    // 2.1 takes a persistent volume without mount.
    first(&v2_1(&text)).resources.storage[1].attributes.clone()
}

fn attribute_codes(text: &str) -> Vec<String> {
    codes(&v2_1(&storage(&format!("size: 1Gi\nattributes: {text}"))))
}

#[test]
fn persistent_is_a_word_in_lower_case() {
    let class = |value: &str| Attribute::new("class", value);
    let persistent = |value: &str| Attribute::new("persistent", value);
    assert_eq!(attributes("{persistent: true}"), [class("default"), persistent("true")]);
    // Only `true` itself gets the default class.
    assert_eq!(attributes("{persistent: yes}"), [persistent("true")]);
    assert_eq!(attributes("{persistent: \"on\"}"), [persistent("true")]);
    assert_eq!(attributes("{persistent: off}"), [persistent("false")]);
    assert_eq!(attributes("{}"), [persistent("false")]);
    assert_eq!(attributes("~"), []);
    assert_eq!(
        attributes("{class: beta3, persistent: true}"),
        [class("beta3"), persistent("true")]
    );
    for text in ["True", "1", "~", "y", "\"\""] {
        assert_eq!(attribute_codes(&format!("{{persistent: {text}}}")), ["wrong-type"], "{text}");
    }
}

#[test]
fn classes_go_with_persistence() {
    assert_eq!(attribute_codes("{class: beta2}"), ["storage-class"]);
    assert_eq!(attribute_codes("{class: default, persistent: false}"), ["storage-class"]);
    assert_eq!(attribute_codes("{class: ram, persistent: true}"), ["storage-class"]);
    assert_eq!(attribute_codes("{class: ram, persistent: no}"), ["storage-class"]);
    assert_eq!(attribute_codes("{class: hdd, persistent: true}"), ["unknown-value"]);
    // Any other word for no passes here.
    assert_eq!(attributes("{class: beta2, persistent: no}").len(), 2);
    assert_eq!(attributes("{class: ram}").len(), 2);
    assert_eq!(attribute_codes("{persistant: true}"), ["unknown-key"]);
}

#[test]
fn a_single_volume_is_named_default_and_names_are_unique() {
    assert_eq!(first(&storage("name: data\nsize: 1Gi")).resources.storage[0].name, "default");
    assert_eq!(first(&storage("- size: 1Gi")).resources.storage[0].name, "default");
    assert_eq!(codes(&storage("- size: 1Gi\n- size: 2Gi")), ["duplicate-volume"]);
    assert_eq!(codes(&storage("[]")), ["missing-key"]);
    assert_eq!(codes(&storage("5Gi")), ["missing-key"]);
}

fn order(sizes: &[(&str, &str, bool)]) -> Vec<String> {
    let lines: String = sizes
        .iter()
        .map(|(name, size, persistent)| {
            let attributes = if *persistent { "\n  attributes: {persistent: true}" } else { "" };
            format!("- name: {name}\n  size: {size}{attributes}\n")
        })
        .collect();
    first(&v2_1(&storage(&lines))).resources.storage.iter().map(|v| v.name.clone()).collect()
}

#[test]
fn volumes_are_sorted_by_size_and_equal_ones_come_out_reversed() {
    assert_eq!(
        order(&[("a", "3Gi", false), ("b", "1Gi", false), ("c", "2Gi", false)]),
        ["b", "c", "a"]
    );
    assert_eq!(
        order(&[("a", "1Gi", false), ("b", "1Gi", false), ("c", "1024Mi", false)]),
        ["c", "b", "a"]
    );
    // Persistent ones come after those without attributes, by name.
    assert_eq!(
        order(&[("d", "1Gi", true), ("c", "1Gi", true), ("b", "1Gi", false)]),
        ["b", "c", "d"]
    );
}

#[test]
fn more_than_twenty_equal_volumes_come_out_as_akashs_merge_leaves_them() {
    let names: Vec<String> = (0..25).map(|n| format!("v{n:02}")).collect();
    let volumes: Vec<_> = names.iter().map(|name| (name.as_str(), "1Gi", false)).collect();
    let expected: Vec<String> = (0..5)
        .rev()
        .map(|n| format!("v{:02}", 20 + n))
        .chain((0..20).rev().map(|n| format!("v{n:02}")))
        .collect();
    assert_eq!(order(&volumes), expected);
}

const DATA: &str =
    "- size: 1Gi\n- name: data\n  size: 2Gi\n  attributes: {persistent: true, class: beta2}";

fn mounted(volumes: &str, params: &str) -> String {
    edit_of(
        &storage(volumes),
        &[("    image: nginx\n", &format!("    image: nginx\n    params: {params}\n"))],
    )
}

#[test]
fn version_2_0_wants_some_mount_for_a_persistent_volume_and_2_1_none() {
    assert_eq!(codes(&storage(DATA)), ["missing-mount"]);
    first(&v2_1(&storage(DATA)));
    first(&mounted(DATA, "{storage: {data: {mount: /data}}}"));
    // Any mount will do for 2.0.
    first(&mounted(DATA, "{storage: {default: {mount: /x}}}"));
}

#[test]
fn mounts_are_absolute_unique_and_of_volumes_that_exist() {
    assert_eq!(codes(&mounted(DATA, "{storage: {data: {mount: data}}}")), ["invalid-mount"]);
    assert_eq!(codes(&mounted(DATA, "{storage: {data: {}}}")), ["invalid-mount"]);
    let twice = "{storage: {data: {mount: /a}, default: {mount: /a}}}";
    assert_eq!(codes(&mounted(DATA, twice)), ["invalid-mount"]);
    assert_eq!(codes(&mounted(DATA, "{storage: {dat: {mount: /a}}}"))[0], "unknown-volume");
    let params =
        first(&mounted(DATA, "{storage: {data: {mount: /d, readOnly: yes}, default: {mount: /}}}"))
            .params;
    let storage = params.unwrap().storage.unwrap();
    let shown: Vec<_> =
        storage.iter().map(|m| (m.name.as_str(), m.mount.as_str(), m.read_only)).collect();
    assert_eq!(shown, [("data", "/d", true), ("default", "/", false)]);
}

#[test]
fn version_2_1_alone_refuses_a_read_only_ram_volume() {
    let ram = "- size: 1Gi\n- name: shm\n  size: 2Gi\n  attributes: {class: ram}";
    let text = mounted(ram, "{storage: {shm: {mount: /dev/shm, readOnly: true}}}");
    first(&text);
    assert_eq!(codes(&v2_1(&text)), ["storage-class"]);
}

#[test]
fn duplicate_keys_are_errors_in_volumes() {
    assert_eq!(codes(&storage("size: 1Gi\nsize: 2Gi")), ["duplicate-key"]);
    assert_ne!(hash(&storage("size: 1Gi")), hash(&storage("size: 2Gi")));
}
