//! Apply on random objects: idempotent, respectful of others, tidy.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Manager, Operation, Part, SchemaNode, apply, fields_of, ownable};
use crate::{kinds::Kind, tidy::tidy};

const KIND: Kind = Kind::Deployment;

fn manager(name: &str) -> Manager {
    Manager::new(name, Operation::Apply, KIND, Part::Main)
}

/// Applies and stores, as the registry does.
fn store(live: &Value, config: &Value, name: &str, force: bool) -> Result<Value, String> {
    let applied =
        apply(KIND, Part::Main, live, config, manager(name), force).map_err(|e| e.message)?;
    let mut object = applied.object;
    applied.managers.write(&mut object);
    tidy(&mut object);
    Ok(object)
}

fn fresh(config: &Value, name: &str) -> Value {
    store(&json!({"metadata": {"name": "d"}}), config, name, false).unwrap()
}

fn named(items: Vec<(String, Value)>) -> Value {
    // Later ones of the same name win, so that names are unique.
    let unique: std::collections::BTreeMap<String, Value> = items.into_iter().collect();
    let with_name = |(name, mut item): (String, Value)| {
        item["name"] = json!(name);
        item
    };
    Value::Array(unique.into_iter().map(with_name).collect())
}

fn map(prefix: &'static str) -> impl Strategy<Value = Value> {
    let entry = ("[a-d]", "[0-2]").prop_map(move |(k, v)| (format!("{prefix}{k}"), json!(v)));
    prop::collection::vec(entry, 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>()))
}

fn container(prefix: &'static str) -> impl Strategy<Value = (String, Value)> {
    let variable =
        ("[a-c]", "[0-2]").prop_map(move |(k, v)| (format!("{prefix}{k}"), json!({"value": v})));
    let env = prop::collection::vec(variable, 0..3).prop_map(named);
    ("[a-c]", "[0-2]", env, prop::option::of(map(""))).prop_map(
        move |(name, image, env, limits)| {
            let mut container = json!({"image": image, "env": env});
            if let Some(limits) = limits {
                container["resources"] = json!({"limits": limits});
            }
            (format!("{prefix}{name}"), container)
        },
    )
}

/// A configuration whose names all start with a prefix, so that two prefixes do not meet.
fn config(prefix: &'static str) -> impl Strategy<Value = Value> {
    let containers = prop::collection::vec(container(prefix), 0..3).prop_map(named);
    (map(prefix), map(prefix), containers).prop_map(|(labels, annotations, containers)| {
        // Empty maps are left out: whoever applies one claims it as a whole.
        dense(&json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "d", "labels": labels, "annotations": annotations},
            "spec": {"template": {"spec": {"containers": containers}}},
        }))
        .unwrap()
    })
}

/// What a configuration says, as far as an object still says it.
fn holds(object: &Value, config: &Value) -> bool {
    let merged = super::merge(object, &ownable(KIND, Part::Main, config), SchemaNode::root(KIND));
    dense(&merged) == dense(object)
}

fn without_fields(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    object
}

/// Drops empty maps and lists, which say nothing.
fn dense(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> =
                map.iter().filter_map(|(k, v)| Some((k.clone(), dense(v)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(dense).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Null => None,
        other => Some(other.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_again_changes_nothing(first in config("a"), second in config("a")) {
        let once = store(&fresh(&first, "m"), &second, "m", false).unwrap();
        let twice = store(&once, &second, "m", false).unwrap();
        // An object that was applied empty may come and go; it says nothing.
        prop_assert_eq!(dense(&without_fields(&once)), dense(&without_fields(&twice)));
        prop_assert_eq!(&once["metadata"]["managedFields"], &twice["metadata"]["managedFields"]);
    }

    #[test]
    fn what_was_applied_last_is_what_holds(first in config("a"), second in config("a")) {
        let object = store(&fresh(&first, "m"), &second, "m", false).unwrap();
        let alone = fresh(&second, "m");
        prop_assert_eq!(dense(&without_fields(&object)["spec"]), dense(&without_fields(&alone)["spec"]));
        prop_assert_eq!(dense(&object["metadata"]["labels"]), dense(&alone["metadata"]["labels"]));
    }

    #[test]
    fn disjoint_fields_of_two_managers_both_survive(
        a in config("a"), b in config("b"), later in config("a"),
    ) {
        let object = store(&fresh(&a, "m"), &b, "n", false).unwrap();
        prop_assert!(holds(&object, &a) && holds(&object, &b));
        let object = store(&object, &later, "m", false).unwrap();
        prop_assert!(holds(&object, &later) && holds(&object, &b));
    }

    #[test]
    fn dropping_everything_drops_only_what_was_ones_own(a in config("a"), b in config("b")) {
        let nothing = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}});
        let object = store(&fresh(&a, "m"), &b, "n", false).unwrap();
        let object = store(&object, &nothing, "m", false).unwrap();
        prop_assert!(holds(&object, &b));
        let text = dense(&without_fields(&object)).unwrap().to_string();
        prop_assert!(!text.contains("\"aa\"") && !text.contains("\"ab\""), "{}", text);
    }

    #[test]
    fn a_conflict_arises_exactly_where_values_differ(a in config("x"), b in config("x")) {
        let live = fresh(&a, "m");
        let differs = {
            let merged = super::merge(&live, &ownable(KIND, Part::Main, &b), SchemaNode::root(KIND));
            let changes = super::compare(
                &ownable(KIND, Part::Main, &live),
                &ownable(KIND, Part::Main, &merged),
                SchemaNode::root(KIND),
            );
            let own = fields_of(&ownable(KIND, Part::Main, &a), SchemaNode::root(KIND));
            !own.intersection(&changes.changed).is_empty()
        };
        prop_assert_eq!(store(&live, &b, "n", false).is_err(), differs);
        let forced = store(&live, &b, "n", true).unwrap();
        prop_assert!(holds(&forced, &b));
        prop_assert!(store(&forced, &b, "n", false).is_ok());
    }

    #[test]
    fn field_sets_survive_their_written_form(a in config("a")) {
        let set = fields_of(&ownable(KIND, Part::Main, &a), SchemaNode::root(KIND));
        prop_assert_eq!(super::FieldSet::from_fields_v1(&set.to_fields_v1()), set);
    }
}
