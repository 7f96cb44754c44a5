//! The form in which the API keeps and shows objects.

use serde_json::Value;

/// Drops what the API never shows: nulls, empty lists, empty maps. Empty structs stay.
pub fn tidy(object: &mut Value) {
    tidy_below("", object);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
    // A map for a Service, a struct for all others.
    if object["kind"] == "Service"
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
        && spec.get("selector").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
    {
        spec.remove("selector");
    }
}

fn tidy_below(field: &str, value: &mut Value) {
    match value {
        // What was applied or stored as it came is not looked into.
        Value::Object(_) if field == "managedFields" => {}
        Value::Object(map) => {
            map.retain(|name, value| {
                tidy_below(name, value);
                match value {
                    Value::Null => false,
                    Value::Array(items) => {
                        !items.is_empty()
                            || matches!(name.as_str(), "endpoints" | "ports" if field.is_empty())
                    }
                    Value::Object(map) => !map.is_empty() || !is_map(name),
                    // A number that is left out when it is zero.
                    Value::Number(number) => {
                        name != "minReadySeconds" || number.as_i64() != Some(0)
                    }
                    _ => true,
                }
            });
        }
        Value::Array(items) if field != "managedFields" => {
            items.iter_mut().for_each(|item| tidy_below(field, item));
        }
        _ => {}
    }
}

/// Whether a field is a map by its schema, and not a struct.
fn is_map(name: &str) -> bool {
    matches!(
        name,
        "labels"
            | "annotations"
            | "data"
            | "binaryData"
            | "requests"
            | "limits"
            | "hard"
            | "used"
            | "capacity"
            | "allocatable"
            | "parameters"
            | "overhead"
            | "nodeSelector"
            | "matchLabels"
    )
}
