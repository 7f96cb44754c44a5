//! `metadata.managedFields`: who owns which fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{fieldset::FieldSet, part::Part};
use crate::{clock, kinds::Kind};

/// How a manager came to its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// One owner of fields; the same name by another operation or subresource is another owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Manager {
    name: String,
    operation: Operation,
    api_version: String,
    subresource: String,
}

impl Manager {
    /// The manager that a request speaks for.
    pub fn new(name: &str, operation: Operation, kind: Kind, part: Part) -> Self {
        Self {
            name: name.to_owned(),
            operation,
            api_version: kind.api_version(),
            subresource: part.subresource().unwrap_or_default().to_owned(),
        }
    }

    /// As conflict messages name it.
    pub fn describe(&self) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if self.operation == Operation::Update {
            text += &format!(" using {}", self.api_version);
        }
        text
    }
}

/// All owners of an object's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Managers {
    sets: BTreeMap<Manager, FieldSet>,
    times: BTreeMap<Manager, String>,
}

impl Managers {
    /// What the object's metadata says.
    pub fn of(object: &Value) -> Self {
        let mut managers = Self::default();
        for entry in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
            let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            let operation = match entry["operation"].as_str() {
                Some("Apply") => Operation::Apply,
                _ => Operation::Update,
            };
            let manager = Manager {
                name: text("manager"),
                operation,
                api_version: text("apiVersion"),
                subresource: text("subresource"),
            };
            managers.times.insert(manager.clone(), text("time"));
            managers.sets.insert(manager, FieldSet::from_fields_v1(&entry["fieldsV1"]));
        }
        managers
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// A manager's fields.
    pub fn get(&self, manager: &Manager) -> Option<&FieldSet> {
        self.sets.get(manager)
    }

    /// All managers with their fields.
    pub fn iter(&self) -> impl Iterator<Item = (&Manager, &FieldSet)> {
        self.sets.iter()
    }

    /// Gives a manager exactly these fields.
    pub fn set(&mut self, manager: Manager, fields: FieldSet) {
        if self.sets.get(&manager) == Some(&fields) {
            return;
        }
        self.times.insert(manager.clone(), clock::seconds(clock::now()));
        if fields.is_empty() {
            self.sets.remove(&manager);
        } else {
            self.sets.insert(manager, fields);
        }
    }

    /// Takes fields from one manager.
    pub fn disown(&mut self, manager: &Manager, fields: &FieldSet) {
        if let Some(set) = self.sets.get(manager) {
            let rest = set.difference(fields);
            self.set(manager.clone(), rest);
        }
    }

    /// Takes fields from everybody but one.
    pub fn disown_all_but(&mut self, manager: &Manager, fields: &FieldSet) {
        let others: Vec<Manager> = self.sets.keys().filter(|m| *m != manager).cloned().collect();
        for other in others {
            self.disown(&other, fields);
        }
    }

    /// Takes fields, and all below those that are gone, from everybody.
    pub fn forget(&mut self, fields: &FieldSet) {
        let all: Vec<Manager> = self.sets.keys().cloned().collect();
        for manager in all {
            self.disown(&manager, fields);
        }
    }

    /// Writes them into the object's metadata; the time of an unchanged entry stays.
    pub fn write(&self, object: &mut Value) {
        let mut order: Vec<(&Manager, &FieldSet)> = self.sets.iter().collect();
        // Appliers first, then by time and name, as the API server has them.
        order.sort_by_key(|(m, _)| (m.operation, self.times.get(*m), &m.name, &m.subresource));
        let entries: Vec<Value> = order
            .into_iter()
            .filter(|(_, set)| !set.is_empty())
            .map(|(manager, set)| {
                let mut entry = json!({
                    "manager": manager.name,
                    "operation": match manager.operation {
                        Operation::Apply => "Apply",
                        Operation::Update => "Update",
                    },
                    "apiVersion": manager.api_version,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": set.to_fields_v1(),
                });
                if let Some(time) = self.times.get(manager).filter(|t| !t.is_empty()) {
                    entry["time"] = json!(time);
                }
                if !manager.subresource.is_empty() {
                    entry["subresource"] = json!(manager.subresource);
                }
                entry
            })
            .collect();
        if entries.is_empty() {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("managedFields");
            }
        } else {
            object["metadata"]["managedFields"] = Value::Array(entries);
        }
    }
}
