//! What holds for every deployment, over generated ones.
#![allow(clippy::unwrap_used)]

use proptest::{collection, prelude::*, sample};
use serde_json::{Map, Value, json};
use souk_sdl::{Compiled, Manifest, Options, compile, schema};

/// A service with its compute profile and counts by placement.
#[derive(Clone, Debug)]
struct Part {
    service: Value,
    resources: Value,
    profile: usize,
    counts: [u32; 2],
}

fn text() -> impl Strategy<Value = String> {
    "[ -~äé\u{2028}\n\t]{0,12}"
}

fn expose() -> impl Strategy<Value = Value> {
    let to = prop_oneof![Just(json!({"global": true})), Just(json!({"service": "s0"}))];
    let proto = sample::select(vec!["tcp", "udp", "TCP"]);
    (1u32..65_536, 0u32..100, proto, collection::vec(to, 1..3)).prop_map(
        |(port, outer, proto, to)| json!({"port": port, "as": outer, "proto": proto, "to": to}),
    )
}

fn part() -> impl Strategy<Value = Part> {
    let env = collection::vec(("[A-Z_][A-Z0-9_]{0,5}", text()), 0..3);
    let service = (text(), env, collection::vec(expose(), 0..4), collection::vec(text(), 0..3));
    let resources = (10u64..10_000, 1u64..4096, 5u64..50_000, 0u64..3);
    (service, resources, 0usize..3, [0u32..3, 1u32..3]).prop_map(
        |((image, env, mut expose, args), (cpu, memory, disk, gpu), profile, counts)| {
            expose.push(json!({"port": 80, "to": [{"global": true}]}));
            let env: Vec<_> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut resources = json!({
                "cpu": {"units": format!("{cpu}m")},
                "memory": {"size": format!("{memory}Mi")},
                "storage": [{"size": format!("{disk}Mi")}, {"name": "more", "size": "5Mi"}],
            });
            if gpu > 0 {
                let models = json!([{"model": "h100", "ram": "80Gi"}, {"model": "a100"}]);
                resources["gpu"] =
                    json!({"units": gpu, "attributes": {"vendor": {"nvidia": models}}});
            }
            Part {
                service: json!({"image": format!("i{image}"), "env": env, "expose": expose, "args": args}),
                resources,
                profile,
                counts,
            }
        },
    )
}

fn deployment() -> impl Strategy<Value = Value> {
    let version = sample::select(vec!["2.0", "2.1"]);
    let attributes = collection::btree_map("[a-z]{2,6}", text(), 0..3);
    (version, collection::vec(part(), 1..4), attributes, "[1-9][0-9]{0,3}(\\.[0-9]{1,4})?")
        .prop_map(|(version, parts, attributes, amount)| {
            let names = ["east", "west"];
            let mut document = json!({"version": version, "services": {}, "deployment": {},
                "profiles": {"compute": {}, "placement": {}}});
            for (index, part) in parts.iter().enumerate() {
                document["services"][format!("s{index}")] = part.service.clone();
                let profile = format!("p{}", part.profile);
                document["profiles"]["compute"][&profile] = json!({"resources": part.resources});
                let mut placed = Map::new();
                for (name, count) in names.iter().zip(part.counts).filter(|(_, count)| *count > 0) {
                    placed.insert((*name).to_owned(), json!({"profile": profile, "count": count}));
                }
                document["deployment"][format!("s{index}")] = Value::Object(placed);
            }
            for name in names {
                let prices: Map<String, Value> = (0..3)
                    .map(|n| (format!("p{n}"), json!({"denom": "uakt", "amount": amount})))
                    .collect();
                document["profiles"]["placement"][name] =
                    json!({"attributes": attributes, "pricing": prices});
            }
            document
        })
}

fn compiled(text: &str) -> Compiled {
    compile(text, &Options::default())
        .unwrap_or_else(|found| panic!("{text}\n{}", found.render("file", text, false)))
}

/// Block style, with the keys of each mapping rotated.
fn yaml(value: &Value, indent: usize, turn: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            let middle = turn % entries.len();
            entries.rotate_left(middle);
            for (key, value) in entries {
                out.push_str(&format!("\n{margin}{key}:"));
                yaml(value, indent + 2, turn + 1, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for value in list {
                out.push_str(&format!("\n{margin}-"));
                yaml(value, indent + 2, turn + 1, out);
            }
        }
        other => out.push_str(&format!(" {other}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn compiling_is_deterministic(document in deployment()) {
        let text = document.to_string();
        prop_assert_eq!(compiled(&text), compiled(&text));
    }

    #[test]
    fn the_order_of_keys_does_not_matter(document in deployment(), turn in 0usize..7) {
        let mut text = String::new();
        yaml(&document, 0, turn, &mut text);
        let (turned, straight) = (compiled(&text), compiled(&document.to_string()));
        prop_assert_eq!(turned.version, straight.version);
        prop_assert_eq!(turned.manifest, straight.manifest);
        prop_assert_eq!(turned.groups, straight.groups);
    }

    #[test]
    fn printing_a_file_as_json_and_reading_it_back_keeps_its_meaning(document in deployment(), turn in 0usize..7) {
        let mut text = String::new();
        yaml(&document, 0, turn, &mut text);
        let printed = schema::as_json(&text).unwrap().to_string();
        prop_assert_eq!(compiled(&printed).canonical(), compiled(&text).canonical());
    }

    #[test]
    fn a_manifest_sent_as_json_arrives_with_its_hash(document in deployment()) {
        let sent = compiled(&document.to_string());
        let json = serde_json::to_vec(&sent.manifest).unwrap();
        let arrived: Manifest = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(arrived.version(), sent.version);
        prop_assert_eq!(serde_json::to_vec(&arrived).unwrap(), json);
    }

    #[test]
    fn replicas_of_the_manifest_are_those_of_the_groups(document in deployment()) {
        let compiled = compiled(&document.to_string());
        for (group, spec) in compiled.manifest.iter().zip(&compiled.groups) {
            let services: u32 = group.services.iter().map(|service| service.count).sum();
            let units: u32 = spec.resources.iter().map(|unit| unit.count).sum();
            prop_assert_eq!(services, units);
        }
    }
}

trait Canonical {
    fn canonical(&self) -> (String, String);
}

impl Canonical for Compiled {
    fn canonical(&self) -> (String, String) {
        (self.manifest.canonical_json(), serde_json::to_string(&self.groups).unwrap())
    }
}
