//! Server-side apply and the ownership of fields.
//!
//! `rules` knows which lists merge by key and what is atomic, `fieldset` holds sets of field
//! paths in the form of `fieldsV1`, `walk` reads them from objects and changes objects by
//! them, `managers` reads and writes `metadata.managedFields`. All of it is pure.

mod fieldset;
mod managers;
mod part;
mod rules;
mod walk;

#[cfg(test)]
mod tests;

pub use fieldset::FieldSet;
pub use managers::{Manager, Managers, Operation};
pub use part::Part;
pub use rules::{ListRule, SchemaNode};
pub use walk::{compare, duplicate, fields_of, merge, remove};

use serde_json::Value;

use crate::{
    defaults::blank,
    error::{ApiError, Cause},
    kinds::Kind,
};

/// What an object says in one part, without the fields that nobody owns.
pub fn ownable(kind: Kind, part: Part, object: &Value) -> Value {
    let mut object = object.clone();
    let Some(map) = object.as_object_mut() else { return object };
    map.remove("apiVersion");
    map.remove("kind");
    if part == Part::Status {
        map.retain(|k, _| k == "status" || k == "metadata");
        // Its controller writes annotations with the status.
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|k, _| k == "annotations" && kind == Kind::Deployment);
        }
    } else if kind.info().status && kind != Kind::Node {
        map.remove("status");
    }
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "generation",
            "managedFields",
            "resourceVersion",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ] {
            metadata.remove(field);
        }
        if metadata.is_empty() {
            map.remove("metadata");
        }
    }
    object
}

/// The result of applying a configuration to a live object.
#[derive(Debug)]
pub struct Applied {
    /// The new object, before defaults.
    pub object: Value,
    /// Who owns what from now on.
    pub managers: Managers,
}

/// Applies `config` to `live` for a manager: merges, drops what the manager no longer applies
/// and nobody else owns, and refuses to take others' fields unless `force` is set.
pub fn apply(
    kind: Kind,
    part: Part,
    live: &Value,
    config: &Value,
    manager: Manager,
    force: bool,
) -> Result<Applied, ApiError> {
    let mut managers = Managers::of(live);
    if managers.is_empty() {
        let first = Manager::new("before-first-apply", Operation::Update, kind, part);
        managers = record_write(kind, part, &blank(kind), live, first, managers);
    }
    let root = SchemaNode::root(kind);
    let own_config = ownable(kind, part, config);
    let applied = fields_of(&own_config, root);

    let mut object = merge(live, &own_config, root);
    if let Some(last) = managers.get(&manager) {
        let mut owned = managers
            .iter()
            .filter(|(other, _)| **other != manager)
            .fold(applied.clone(), |all, (_, set)| all.union(set));
        // Whoever applies says at least the name.
        let mut there = FieldSet::default();
        there.mark();
        owned.put("f:metadata".into(), there);
        object = prune(&object, last, &owned, root);
    }

    let changes = compare(&ownable(kind, part, live), &ownable(kind, part, &object), root);
    let conflicts: Vec<(Manager, FieldSet)> = managers
        .iter()
        .filter(|(other, _)| **other != manager)
        .map(|(other, set)| (other.clone(), set.intersection(&changes.changed)))
        .filter(|(_, set)| !set.is_empty())
        .collect();
    if !conflicts.is_empty() {
        if !force {
            return Err(conflict(&conflicts));
        }
        for (other, set) in &conflicts {
            managers.disown(other, set);
        }
    }
    managers.forget(&changes.removed);
    managers.set(manager, applied);
    Ok(Applied { object, managers })
}

/// What is left of a merged object without the fields that its manager applied the last time and
/// that nobody owns now.
fn prune(merged: &Value, last: &FieldSet, owned: &FieldSet, root: SchemaNode<'_>) -> Value {
    let without = |gone: &FieldSet| {
        let mut object = merged.clone();
        remove(&mut object, gone, root);
        object
    };
    let fields = |object: &Value| fields_of(object, root).with_parents();
    let (all, last) = (fields(merged), last.with_parents());
    // With a field goes all below it; what others own there comes back, with what leads to it.
    let bare = fields(&without(&last));
    let kept = fields(&without(&all.difference(&bare.union(&owned.with_parents()))));
    // What was never applied is not for this manager to take.
    without(&all.difference(&kept).intersection(&last))
}

/// Ownership after a write other than apply: what changed is the writer's, what is gone nobody's.
/// An object that has no owners at all gets none: its fields are owned from the first apply on.
pub fn record_write(
    kind: Kind,
    part: Part,
    old: &Value,
    new: &Value,
    manager: Manager,
    mut managers: Managers,
) -> Managers {
    let is_new = old["metadata"]["uid"].is_null();
    if managers.is_empty() && !is_new {
        return managers;
    }
    let root = SchemaNode::root(kind);
    let changes = compare(&ownable(kind, part, old), &ownable(kind, part, new), root);
    if changes.changed.is_empty() && changes.removed.is_empty() {
        return managers;
    }
    managers.disown_all_but(&manager, &changes.changed);
    managers.forget(&changes.removed);
    let own = managers.get(&manager).cloned().unwrap_or_default().union(&changes.changed);
    managers.set(manager, own);
    managers
}

/// The 409 that names every contested field and its owner.
fn conflict(conflicts: &[(Manager, FieldSet)]) -> ApiError {
    let mut causes = Vec::new();
    for (manager, set) in conflicts {
        for path in set.paths() {
            causes.push(Cause {
                reason: "FieldManagerConflict",
                field: path,
                message: format!("conflict with {}", manager.describe()),
            });
        }
    }
    let message = match causes.as_slice() {
        [one] => format!("Apply failed with 1 conflict: {}: {}", one.message, one.field),
        many => {
            let mut text = format!("Apply failed with {} conflicts: ", many.len());
            for (i, (manager, set)) in conflicts.iter().enumerate() {
                let lead = if i == 0 { "" } else { "\n" };
                text += &format!("{lead}conflicts with {}:", manager.describe());
                for path in set.paths() {
                    text += &format!("\n- {path}");
                }
            }
            text
        }
    };
    let mut error = ApiError::new(409, "Conflict", message);
    error.details.causes = causes;
    error
}
