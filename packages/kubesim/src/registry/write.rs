//! What all writes share: their options and result, and the form in which objects are compared and kept.

use serde_json::Value;

use crate::{error::ApiError, kinds::Kind, schema, store::Object};

/// What to do about fields that a kind does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Drop them.
    Ignore,
    /// Drop them and say so.
    #[default]
    Warn,
    /// Refuse.
    Strict,
}

/// What a writer may say beside the body.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Name under which fields are owned.
    pub manager: String,
    /// Whether to do everything but store.
    pub dry_run: bool,
    /// What to do about unknown fields.
    pub validation: FieldValidation,
    /// Whether apply may take others' fields.
    pub force: bool,
}

impl WriteOptions {
    /// A writer inside the cluster.
    pub fn system(manager: &str) -> Self {
        Self { manager: manager.to_owned(), ..Self::default() }
    }
}

/// A write that succeeded.
#[derive(Debug)]
pub struct Written {
    /// The object as it is now.
    pub object: Object,
    /// Whether it is new.
    pub created: bool,
    /// Warnings for the writer.
    pub warnings: Vec<String>,
}

/// Applies the writer's choice to the unknown fields of a body.
pub fn checked(
    kind: Kind,
    read: schema::Read,
    validation: FieldValidation,
) -> Result<(Value, Vec<String>), ApiError> {
    let quoted: Vec<String> =
        read.unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    match validation {
        FieldValidation::Strict if !quoted.is_empty() => {
            let (name, version) = (kind.info().kind, kind.info().version);
            Err(ApiError::bad_request(format!(
                "{name} in version {version:?} cannot be handled as a {name}: strict decoding error: {}",
                quoted.join(", ")
            )))
        }
        FieldValidation::Warn => Ok((read.object, quoted)),
        _ => Ok((read.object, Vec::new())),
    }
}

/// The object without what changes with every write, to see whether a write changes anything.
pub fn comparable(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(field);
        }
    }
    object
}

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
