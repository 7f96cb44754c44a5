//! Creating objects.

use serde_json::{Value, json};

use super::write::{WriteOptions, Written, checked};
use crate::{
    admission,
    apply::{self, Manager, Managers, Operation, Part},
    clock,
    cluster::Cluster,
    defaults,
    error::{ApiError, Cause},
    kinds::Kind,
    names, schema,
    store::ObjectKey,
    tidy::tidy,
    validate,
};

impl Cluster {
    /// Creates an object from a request body.
    pub fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let (object, warnings) = checked(kind, schema::read(kind, body)?, options.validation)?;
        self.create_read(kind, namespace, object, None, options, warnings)
    }

    /// Creates an object that was read; `applied` is what its creator applied, if it did.
    pub(super) fn create_read(
        &mut self,
        kind: Kind,
        namespace: &str,
        mut object: Value,
        applied: Option<(Manager, Value)>,
        options: &WriteOptions,
        mut warnings: Vec<String>,
    ) -> Result<Written, ApiError> {
        let key = identify(kind, namespace, &mut object)?;
        let versioned =
            object["metadata"]["resourceVersion"].as_str().is_some_and(|v| !v.is_empty());
        if versioned && applied.is_none() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(ApiError::new(500, "", message));
        }
        admission::namespace(self, kind, &key)?;
        if kind.info().status
            && kind != Kind::Node
            && let Some(map) = object.as_object_mut()
        {
            map.remove("status");
        }
        {
            let metadata = &mut object["metadata"];
            if let Some(map) = metadata.as_object_mut() {
                for field in [
                    "selfLink",
                    "deletionTimestamp",
                    "deletionGracePeriodSeconds",
                    "managedFields",
                    "generation",
                ] {
                    map.remove(field);
                }
            }
            metadata["uid"] = json!(uuid::Uuid::new_v4().to_string());
            metadata["creationTimestamp"] = json!(clock::seconds(clock::now()));
            if kind.info().generation {
                metadata["generation"] = json!(1);
            }
        }
        defaults::fill(kind, &mut object);
        tidy(&mut object);
        // What admission adds below has no owner.
        let managers = match applied {
            Some((manager, config)) => {
                let mut managers = Managers::default();
                let config = apply::ownable(kind, Part::Main, &config);
                managers.set(manager, apply::fields_of(&config, apply::SchemaNode::root(kind)));
                managers
            }
            None => {
                let manager = Manager::new(&options.manager, Operation::Update, kind, Part::Main);
                let managers = Managers::default();
                let nothing = defaults::blank(kind);
                apply::record_write(kind, Part::Main, &nothing, &object, manager, managers)
            }
        };
        admission::mutate(self, kind, &mut object)?;
        let causes = validate::object(kind, &object, None);
        if !causes.is_empty() {
            return Err(ApiError::invalid(kind, &key.name, causes));
        }
        admission::allocate(self, kind, &mut object, None)?;
        admission::validate(self, kind, &object, None, &mut warnings)?;
        if self.store.get(kind, &key).is_some() {
            return Err(ApiError::already_exists(kind, &key.name));
        }
        managers.write(&mut object);
        tidy(&mut object);
        let object = self.commit(kind, object, options.dry_run);
        Ok(Written { object, created: true, warnings })
    }
}

/// Settles name and namespace of a new object.
fn identify(kind: Kind, namespace: &str, object: &mut Value) -> Result<ObjectKey, ApiError> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let metadata = &mut object["metadata"];
    if kind.namespaced() {
        match metadata["namespace"].as_str().unwrap_or_default() {
            "" => metadata["namespace"] = json!(namespace),
            found if found == namespace => {}
            _ => {
                let message = "the namespace of the provided object does not match the namespace sent on the request";
                return Err(ApiError::bad_request(message));
            }
        }
    } else if let Some(map) = metadata.as_object_mut() {
        map.remove("namespace");
    }
    let name = metadata["name"].as_str().unwrap_or_default().to_owned();
    let prefix = metadata["generateName"].as_str().unwrap_or_default().to_owned();
    let name = if name.is_empty() && !prefix.is_empty() {
        let prefix: String = prefix.chars().take(58).collect();
        let name = format!("{prefix}{}", names::suffix(5));
        metadata["name"] = json!(name);
        name
    } else {
        name
    };
    if name.is_empty() {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(ApiError::invalid(kind, &name, vec![cause]));
    }
    Ok(ObjectKey::new(if kind.namespaced() { namespace } else { "" }, name))
}
