use souk_sdl::{Attribute, Edition};

use crate::support::{BASE, accepted, codes, edit, v2_1};

fn placement(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("      {line}\n")).collect();
    edit(&[("    east:\n      pricing:", &format!("    east:\n{indented}      pricing:"))])
}

#[test]
fn attributes_are_texts_sorted_by_key() {
    let of = |lines: &str| accepted(&placement(lines)).groups[0].requirements.attributes.clone();
    assert_eq!(
        of("attributes: {region: us-west, cores: 1.0, beta: true, none: ~}").unwrap(),
        [
            Attribute::new("beta", "true"),
            Attribute::new("cores", "1.0"),
            Attribute::new("none", ""),
            Attribute::new("region", "us-west"),
        ]
    );
    assert_eq!(of("attributes: {}"), None);
    assert_eq!(codes(&placement("attributes: [region]")), ["wrong-type"]);
    assert_eq!(codes(&placement("attributes: {region: [a]}")), ["wrong-type"]);
}

#[test]
fn an_attribute_without_value_leaves_the_value_out() {
    let groups = accepted(&placement("attributes: {none: ~}")).groups;
    let json = serde_json::to_string(&groups).unwrap();
    assert!(json.contains(r#""attributes":[{"key":"none"}]"#), "{json}");
}

#[test]
fn auditors_are_listed_as_they_are_given() {
    let of = |lines: &str| accepted(&placement(lines)).groups[0].requirements.signed_by.clone();
    let signed_by = of("signedBy: {anyOf: [a, b], allOf: []}");
    assert_eq!(signed_by.any_of.unwrap(), ["a", "b"]);
    assert_eq!(signed_by.all_of.unwrap(), [""; 0]);
    assert_eq!(of("signedBy: ~").any_of, None);
    assert_eq!(of("signedBy: {anyof: [a]}").any_of, None, "keys are case-sensitive");
    assert_eq!(codes(&placement("signedBy: {anyOf: a}")), ["wrong-type"]);
}

/// Two services with one profile.
const TWO: &str = r#"version: "2.0"
services:
  api: {image: a, expose: [{port: 80, to: [{global: true}]}]}
  web: {image: w, expose: [{port: 9000, to: [{global: true}]}]}
profiles:
  compute:
    small:
      resources: {cpu: {units: 1}, memory: {size: 1Gi}, storage: {size: 1Gi}}
  placement:
    east: {pricing: {small: {denom: usouk, amount: 2}}}
    west: {pricing: {small: {denom: usouk, amount: 3}}}
deployment:
  web: {east: {profile: small, count: 2}, west: {profile: small, count: 1}}
  api: {east: {profile: small, count: 3}}
"#;

#[test]
fn version_2_0_gives_each_service_a_unit_and_2_1_merges_those_that_share_a_profile() {
    let units = |text: &str| -> Vec<Vec<(u32, u32, usize)>> {
        let groups = accepted(text).groups;
        let unit = |unit: &souk_sdl::ResourceUnit| {
            (unit.resource.id, unit.count, unit.resource.endpoints.len())
        };
        groups.iter().map(|group| group.resources.iter().map(unit).collect()).collect()
    };
    assert_eq!(units(TWO), [vec![(1, 3, 1), (2, 2, 1)], vec![(1, 1, 1)]]);
    assert_eq!(units(&v2_1(TWO)), [vec![(1, 5, 2)], vec![(1, 1, 1)]]);
    let manifest = accepted(&v2_1(TWO)).manifest;
    let ids: Vec<_> =
        manifest[0].services.iter().map(|s| (s.name.as_str(), s.resources.id)).collect();
    assert_eq!(ids, [("api", 1), ("web", 1)]);
    assert_eq!(accepted(TWO).edition, Edition::V2_0);
}

#[test]
fn groups_are_sorted_by_name() {
    let names: Vec<_> = accepted(TWO).groups.iter().map(|group| group.name.clone()).collect();
    assert_eq!(names, ["east", "west"]);
}

#[test]
fn confidential_computing_becomes_a_required_attribute() {
    let tee = |text: &str, tee: &str| {
        text.replacen("image: a,", &format!("image: a, params: {{tee: {tee}}},"), 1)
    };
    let attributes = accepted(&tee(TWO, "cpu")).groups[0].requirements.attributes.clone();
    assert_eq!(attributes.unwrap(), [Attribute::new("tee/type", "cpu")]);
    let both = tee(TWO, "cpu").replacen("image: w,", "image: w, params: {tee: cpu-gpu},", 1);
    let both = both.replacen(
        "storage: {size: 1Gi}",
        "storage: {size: 1Gi}, gpu: {units: 1, attributes: {vendor: {nvidia: []}}}",
        1,
    );
    assert_eq!(codes(&both), ["tee"]);
}

#[test]
fn a_placement_needs_a_name() {
    let text = BASE.replace("    east:\n", "    \"\":\n");
    assert_eq!(codes(&text), ["invalid-name"]);
}
