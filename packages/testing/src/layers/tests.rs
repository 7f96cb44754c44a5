//! Small made-up crates.

use super::Modules;

fn texts(findings: &[super::Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

/// `store` uses `cluster`, which uses `store` in a function; `market` is beside `cluster`.
fn crate_with_a_circle() -> Modules {
    Modules::of([
        ("lib.rs", "pub mod cluster; pub mod market; mod store;\npub use store::Row;"),
        ("store/mod.rs", "mod rows;\npub use rows::Row;\nuse crate::{\n    cluster::Pod,\n};"),
        ("store/rows.rs", "pub struct Row;"),
        ("cluster.rs", "pub struct Pod;\nfn row() -> crate::Row { crate::Row }"),
        ("market/mod.rs", "mod bids;\nmod tests { use super::super::cluster::{self, Pod as P}; }"),
        ("market/bids.rs", "use super::super::store::{Row};\n// crate::cluster\n"),
    ])
}

#[test]
fn a_circle_is_found_with_file_line_and_import_also_past_a_re_export() {
    assert_eq!(
        texts(&crate_with_a_circle().circles("")),
        [
            "cluster.rs:2: `crate::Row`: a circle: cluster -> store -> cluster",
            "store/mod.rs:4: `crate::cluster::Pod`: a circle: store -> cluster -> store",
        ]
    );
}

#[test]
fn only_circles_between_the_named_modules_are_found() {
    let modules = crate_with_a_circle();
    assert_eq!(modules.circles_among(&["store", "cluster"]).len(), 2);
    assert!(modules.circles_among(&["store", "market"]).is_empty());
}

#[test]
fn an_import_from_above_or_from_beside_is_found() {
    let modules = crate_with_a_circle();
    assert_eq!(
        texts(&modules.against(&[&["store"], &["cluster", "market"]])),
        [
            "market/mod.rs:2: `super::super::cluster`: `cluster` is beside `market`",
            "market/mod.rs:2: `super::super::cluster::Pod`: `cluster` is beside `market`",
            "store/mod.rs:4: `crate::cluster::Pod`: `cluster` is above `store`",
        ]
    );
    let unlisted = modules.against(&[&["store"], &["cluster"]]);
    assert!(
        texts(&unlisted).iter().any(|text| text.contains("`market`: the module is in no layer"))
    );
}

#[test]
fn modules_of_a_folder_are_checked_among_themselves() {
    let modules = Modules::of([
        ("main.rs", "mod a;"),
        ("a/mod.rs", "mod one; mod two; mod three; use one::One; pub struct Shared;"),
        ("a/one.rs", "use super::two::Two; use super::Shared; pub struct One;"),
        ("a/two.rs", "use super::three::Three; pub struct Two;"),
        ("a/three.rs", "fn one() -> super::One { super::One }\npub struct Three;"),
    ]);
    assert_eq!(modules.circles("").len(), 0);
    let found = texts(&modules.circles("a"));
    assert_eq!(
        found.first().map(String::as_str),
        Some("a/one.rs:1: `super::two::Two`: a circle: one -> two -> three -> one")
    );
    assert_eq!(found.len(), 3);
}

#[test]
fn a_tree_without_circles_has_no_findings() {
    let modules = Modules::of([
        ("lib.rs", "pub mod a; pub mod b; pub(in crate::a) struct C;"),
        ("a.rs", "use std::{fmt, io}; use crate::b::{self, B}; use other::a::A;"),
        ("b.rs", "pub struct B; impl B { fn f(self) -> impl Sized + use<> { self::B } }"),
    ]);
    assert_eq!(modules.top(), ["a", "b"]);
    assert!(modules.circles("").is_empty());
    assert!(modules.against(&[&["b"], &["a"]]).is_empty());
}
