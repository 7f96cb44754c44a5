//! Patching and applying.

use serde_json::Value;

use super::{
    update::Ownership,
    write::{FieldValidation, WriteOptions, Written, checked},
};
use crate::{
    apply::{self, Manager, Managers, Operation, Part},
    cluster::Cluster,
    error::{ApiError, Cause},
    kinds::Kind,
    patch::{PatchType, patched},
    schema,
    store::ObjectKey,
};

/// A PATCH request's body.
#[derive(Clone, Debug)]
pub struct Patch {
    /// How to read it.
    pub how: PatchType,
    /// What it says.
    pub body: Value,
}

impl Cluster {
    /// Patches an object, or its status; apply creates what is not there.
    pub fn patch(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        part: Part,
        patch: Patch,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if patch.how == PatchType::Apply {
            return self.apply(kind, key, part, patch.body, options);
        }
        if options.force {
            let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
            return Err(invalid_options(cause));
        }
        let live = self.store.require(kind, key)?;
        let mut object = patched(kind, patch.how, &live, &patch.body)?;
        // A patch that names no version has none to conflict with.
        let named = patch.body["metadata"].get("resourceVersion").is_some();
        if patch.how != PatchType::Json && !named {
            object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        }
        if object["metadata"]["name"].as_str() != Some(key.name.as_str()) {
            return Err(ApiError::bad_request(
                "the name of the object does not match the name on the URL",
            ));
        }
        let (object, warnings) = checked(kind, schema::read(kind, object)?, options.validation)?;
        let manager = Manager::new(&options.manager, Operation::Update, kind, part);
        let ownership = Ownership::Write(manager, Managers::of(&live));
        let object = self.change(kind, &live, part, object, ownership, options)?;
        Ok(Written { object, created: false, warnings })
    }

    fn apply(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        part: Part,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if options.manager.is_empty() {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            return Err(invalid_options(cause));
        }
        if body["metadata"]["managedFields"].as_array().is_some_and(|m| !m.is_empty()) {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        if ["apiVersion", "kind"].iter().any(|f| body[*f].as_str().is_none_or(str::is_empty)) {
            return Err(ApiError::bad_request("invalid object type: /, Kind="));
        }
        let mut config = self.read_config(kind, body, options.validation)?;
        for (field, wanted) in [("name", &key.name), ("namespace", &key.namespace)] {
            match config["metadata"][field].as_str() {
                None | Some("") if !wanted.is_empty() => {
                    config["metadata"][field] = Value::from(wanted.as_str())
                }
                Some(found) if found != wanted => {
                    return Err(ApiError::bad_request(format!(
                        "the {field} of the object ({found}) does not match the {field} on the URL ({wanted})"
                    )));
                }
                _ => {}
            }
        }
        let manager = Manager::new(&options.manager, Operation::Apply, kind, part);
        let Some(live) = self.store.get(kind, key).cloned() else {
            if part != Part::Main {
                return Err(ApiError::not_found(kind, &key.name));
            }
            if config["metadata"]["uid"].as_str().is_some_and(|v| !v.is_empty()) {
                return Err(ApiError::conflict(
                    kind,
                    &key.name,
                    "uid mismatch: the provided object specified a uid, and no existing object was found",
                ));
            }
            let object = schema::read(kind, config.clone())?.object;
            let applied = Some((manager, config));
            return self.create_read(kind, &key.namespace, object, applied, options, Vec::new());
        };
        for field in ["uid", "resourceVersion"] {
            if let Some(found) = config["metadata"][field].as_str().filter(|v| !v.is_empty())
                && live["metadata"][field] != found
            {
                return Err(ApiError::modified(kind, &key.name));
            }
        }
        let applied = apply::apply(kind, part, &live, &config, manager, options.force)?;
        let ownership = Ownership::Settled(applied.managers);
        let object = schema::read(kind, applied.object)?.object;
        let object = self.change(kind, &live, part, object, ownership, options)?;
        Ok(Written { object, created: false, warnings: Vec::new() })
    }

    /// An applied configuration must fit the schema whatever the field validation says. Its values
    /// stay as they are written: so they are compared with those of the object that is there.
    fn read_config(
        &self,
        kind: Kind,
        body: Value,
        validation: FieldValidation,
    ) -> Result<Value, ApiError> {
        let text = |field: &str| body["metadata"][field].as_str().unwrap_or_default().to_owned();
        let subject = format!(
            "{}/{}; {}, Kind={}",
            text("namespace"),
            text("name"),
            kind.api_version(),
            kind.info().kind
        );
        let refuse = |why: String| {
            let message = format!("failed to create typed patch object ({subject}): {why}");
            Err(ApiError::new(500, "", message))
        };
        let read = match schema::read(kind, body.clone()) {
            Ok(mut read) => {
                schema::as_written(&mut read.object, &body);
                read
            }
            Err(error) if error.wrong_type => return refuse(error.message),
            Err(error) => return Err(error),
        };
        if validation == FieldValidation::Strict {
            return Ok(checked(kind, read, validation)?.0);
        }
        if let Some(path) = read.unknown.first() {
            return refuse(format!(".{path}: field not declared in schema"));
        }
        let root = apply::SchemaNode::root(kind);
        if let Some((path, element)) = apply::duplicate(&read.object, root, "") {
            return refuse(format!("{path}: duplicate entries for key {element}"));
        }
        Ok(read.object)
    }
}

fn invalid_options(cause: Cause) -> ApiError {
    ApiError::invalid_options("PatchOptions", vec![cause])
}
