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
