//! Replacing objects, and what every change of an existing object goes through.

use serde_json::{Value, json};

use super::write::{WriteOptions, Written, checked, comparable};
use crate::{
    admission,
    apply::{self, Manager, Managers, Operation, Part},
    cluster::Cluster,
    defaults,
    error::ApiError,
    kinds::Kind,
    schema,
    store::{Object, ObjectKey},
    tidy::tidy,
    validate,
};

impl Cluster {
    /// Replaces an object, or its status, by a request body.
    pub fn update(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        part: Part,
        body: Value,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        // `managedFields: []` is how a client resets ownership.
        let reset = body["metadata"]["managedFields"].as_array().is_some_and(|entries| {
            entries.iter().all(|e| e.as_object().is_none_or(|o| o.is_empty()))
        });
        let (object, warnings) = checked(kind, schema::read(kind, body)?, options.validation)?;
        if object["metadata"]["name"].as_str().unwrap_or_default() != key.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                object["metadata"]["name"].as_str().unwrap_or_default(),
                key.name
            )));
        }
        let missing = self.store.get(kind, key).is_none();
        if missing && part == Part::Main && kind.info().put_creates {
            return self.create_read(kind, &key.namespace, object, None, options, warnings);
        }
        let live = self.store.require(kind, key)?;
        let managers = if reset { Managers::default() } else { Managers::of(&live) };
        let manager = Manager::new(&options.manager, Operation::Update, kind, part);
        let object =
            self.change(kind, &live, part, object, Ownership::Write(manager, managers), options)?;
        Ok(Written { object, created: false, warnings })
    }

    /// Everything between a proposed state and the stored one.
    pub(super) fn change(
        &mut self,
        kind: Kind,
        live: &Object,
        part: Part,
        mut object: Value,
        mut ownership: Ownership,
        options: &WriteOptions,
    ) -> Result<Object, ApiError> {
        let name = live["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        preconditions(kind, &name, live, &object)?;
        keep_system_metadata(live, &mut object);
        confine(kind, part, live, &mut object);
        let mut settled = None;
        if part != Part::Status {
            tidy(&mut object);
            defaults::fill(kind, &mut object);
            tidy(&mut object);
            // Who owns what follows from the request, not from what the server makes of it.
            settled = Some(ownership.settle(kind, part, live, &object));
            defaults::carry_over(kind, live, &mut object);
            tidy(&mut object);
            admission::before_update(kind, &object)?;
            let mut causes = validate::object(kind, &object, Some(live));
            // The API server looks twice, for all kinds and for this one.
            let finalizers = validate::finalizers(live, &object);
            causes.extend(finalizers.clone().into_iter().chain(finalizers));
            if !causes.is_empty() {
                return Err(ApiError::invalid(kind, &name, causes));
            }
            admission::allocate(self, kind, &mut object, Some(live))?;
            admission::validate(self, kind, &object, Some(live), &mut Vec::new())?;
        }
        let managers = match settled {
            Some(managers) => managers,
            None => ownership.settle(kind, part, live, &object),
        };
        managers.write(&mut object);
        Ok(self.settle(kind, live, part, object, options.dry_run))
    }

    /// Changes an object from within the cluster: no validation, ownership as for others.
    pub fn adjust(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        part: Part,
        manager: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Object> {
        let live = self.store.get(kind, key)?.clone();
        let mut object = Value::clone(&live);
        change(&mut object);
        tidy(&mut object);
        if object == *live {
            return Some(live);
        }
        let manager = Manager::new(manager, Operation::Update, kind, part);
        let managers =
            apply::record_write(kind, part, &live, &object, manager, Managers::of(&live));
        managers.write(&mut object);
        Some(self.settle(kind, &live, part, object, false))
    }

    /// Stores a changed object under its next generation; nothing happens when nothing
    /// changed, and an object that waited for its last finalizer goes.
    fn settle(
        &mut self,
        kind: Kind,
        live: &Object,
        part: Part,
        mut object: Value,
        dry_run: bool,
    ) -> Object {
        tidy(&mut object);
        let same = comparable(live) == comparable(&object);
        if same && Managers::of(live) == Managers::of(&object) {
            return live.clone();
        }
        if kind.info().generation {
            let before = live["metadata"]["generation"].as_i64().unwrap_or(0);
            let same = part == Part::Status || desired(kind, live) == desired(kind, &object);
            let next = if same { before } else { before + 1 };
            object["metadata"]["generation"] = json!(next);
        }
        if done(kind, &object) && !dry_run {
            return self.vanish(kind, object);
        }
        self.commit(kind, object, dry_run)
    }

    /// Stores the last state of an object and removes it.
    pub(super) fn vanish(&mut self, kind: Kind, object: Value) -> Object {
        let key = ObjectKey::of(&object);
        let last = std::sync::Arc::new(object);
        self.erase(kind, &key);
        last
    }
}

/// Who owns what after a change.
pub(super) enum Ownership {
    /// What changed goes to this manager.
    Write(Manager, Managers),
    /// Settled by apply.
    Settled(Managers),
}

impl Ownership {
    fn settle(&mut self, kind: Kind, part: Part, live: &Value, object: &Value) -> Managers {
        match self {
            Self::Write(manager, managers) => {
                let managers = std::mem::take(managers);
                apply::record_write(kind, part, live, object, manager.clone(), managers)
            }
            Self::Settled(managers) => std::mem::take(managers),
        }
    }
}

/// What an object asks for. A deployment's annotations are part of it.
fn desired(kind: Kind, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        let metadata = map.remove("metadata").unwrap_or_default();
        if kind == Kind::Deployment {
            map.insert("annotations".into(), metadata["annotations"].clone());
        }
        map.remove("status");
    }
    // Binding a pod to a node changes nothing of what was asked for.
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("nodeName");
    }
    object
}

/// Whether nothing holds back a deleted object any more.
fn done(kind: Kind, object: &Value) -> bool {
    let metadata = &object["metadata"];
    if metadata["deletionTimestamp"].is_null() || has_items(&metadata["finalizers"]) {
        return false;
    }
    match kind {
        Kind::Namespace => !has_items(&object["spec"]["finalizers"]),
        Kind::Pod => metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0,
        _ => true,
    }
}

fn has_items(value: &Value) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty())
}

fn preconditions(kind: Kind, name: &str, live: &Value, object: &Value) -> Result<(), ApiError> {
    let (old, new) = (&live["metadata"], &object["metadata"]);
    if let Some(uid) = new["uid"].as_str().filter(|u| !u.is_empty())
        && old["uid"] != uid
    {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old["uid"].as_str().unwrap_or_default()
        );
        return Err(ApiError::conflict(kind, name, why));
    }
    match new["resourceVersion"].as_str() {
        Some(version) if !version.is_empty() && old["resourceVersion"] != version => {
            Err(ApiError::modified(kind, name))
        }
        _ => Ok(()),
    }
}

fn keep_system_metadata(live: &Value, object: &mut Value) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    for field in [
        "name",
        "namespace",
        "generateName",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "resourceVersion",
        "selfLink",
    ] {
        match live["metadata"].get(field) {
            Some(value) => object["metadata"][field] = value.clone(),
            None => {
                if let Some(map) = object["metadata"].as_object_mut() {
                    map.remove(field);
                }
            }
        }
    }
}

/// Lets a write change its part alone.
fn confine(kind: Kind, part: Part, live: &Value, object: &mut Value) {
    if !kind.info().status {
        return;
    }
    let status = match part {
        Part::Status => object.get("status").cloned(),
        Part::Main | Part::Scale if kind == Kind::Node => {
            object.get("status").or_else(|| live.get("status")).cloned()
        }
        Part::Main | Part::Scale => live.get("status").cloned(),
    };
    if part == Part::Status {
        *object = live.clone();
    }
    if let Some(map) = object.as_object_mut() {
        match status {
            Some(status) => map.insert("status".into(), status),
            None => map.remove("status"),
        };
    }
}
