//! Objects of all kinds, the one resource version, and what dependents and watchers look up.

mod copy;
mod history;
mod object;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::watch;

pub use copy::StoreCopy;
pub use history::{Change, ChangeKind, History};
pub use object::{Object, ObjectKey, ObjectRef};

use crate::{error::ApiError, kinds::Kind};

struct Table {
    objects: BTreeMap<ObjectKey, Object>,
    history: History,
    changed: watch::Sender<u64>,
}

/// Objects of all kinds under one resource version.
pub struct Store {
    tables: HashMap<Kind, Table>,
    version: u64,
    by_uid: HashMap<String, ObjectRef>,
    dependents: HashMap<String, HashSet<ObjectRef>>,
}

/// Resource versions below this one were never kept, as after a compaction.
const FIRST_VERSION: u64 = 1000;

impl Store {
    /// An empty store that keeps `history` changes of each kind for watches to resume from.
    pub fn new(history: usize) -> Self {
        let table = |_| Table {
            objects: BTreeMap::new(),
            history: History::new(history, FIRST_VERSION),
            changed: watch::Sender::new(FIRST_VERSION),
        };
        Self {
            tables: Kind::ALL.iter().map(|k| (*k, table(k))).collect(),
            version: FIRST_VERSION,
            by_uid: HashMap::new(),
            dependents: HashMap::new(),
        }
    }

    /// The last resource version that was given out.
    pub fn version(&self) -> u64 {
        self.version
    }

    fn table(&self, kind: Kind) -> &Table {
        &self.tables[&kind]
    }

    /// One object.
    pub fn get(&self, kind: Kind, key: &ObjectKey) -> Option<&Object> {
        self.table(kind).objects.get(key)
    }

    /// One object, or why not.
    pub fn require(&self, kind: Kind, key: &ObjectKey) -> Result<Object, ApiError> {
        self.get(kind, key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))
    }

    /// All objects of a kind, in order of their keys.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = (&ObjectKey, &Object)> {
        self.table(kind).objects.iter()
    }

    /// The objects of a kind in one namespace.
    pub fn within<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectKey, &'a Object)> {
        let from = ObjectKey::new(namespace, "");
        self.table(kind).objects.range(from..).take_while(move |(k, _)| k.namespace == namespace)
    }

    /// The object with this uid, if it still exists.
    pub fn find(&self, uid: &str) -> Option<&ObjectRef> {
        self.by_uid.get(uid)
    }

    /// Objects that name this uid as an owner.
    pub fn dependents(&self, uid: &str) -> Vec<ObjectRef> {
        let mut found: Vec<ObjectRef> =
            self.dependents.get(uid).into_iter().flatten().cloned().collect();
        found.sort();
        found
    }

    /// A receiver that wakes with every change of the kind.
    pub fn subscribe(&self, kind: Kind) -> watch::Receiver<u64> {
        self.table(kind).changed.subscribe()
    }

    /// The recent changes of a kind.
    pub fn history(&self, kind: Kind) -> &History {
        &self.table(kind).history
    }

    /// Stores an object under the next resource version and returns it as stored.
    pub fn put(&mut self, kind: Kind, mut object: Value) -> Change {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let key = ObjectKey::of(&object);
        let object = Arc::new(object);
        let old =
            self.tables.get_mut(&kind).and_then(|t| t.objects.insert(key.clone(), object.clone()));
        if let Some(old) = &old {
            self.unindex(kind, &key, old);
        }
        self.index(kind, &key, &object);
        let what = if old.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.record(kind, Change { version: self.version, what, key, old, new: object })
    }

    /// Removes an object; the change carries its last state under the next resource version.
    pub fn remove(&mut self, kind: Kind, key: &ObjectKey) -> Option<Change> {
        let old = self.tables.get_mut(&kind)?.objects.remove(key)?;
        self.version += 1;
        self.unindex(kind, key, &old);
        let mut last = Value::clone(&old);
        last["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let change = Change {
            version: self.version,
            what: ChangeKind::Deleted,
            key: key.clone(),
            old: Some(old),
            new: Arc::new(last),
        };
        Some(self.record(kind, change))
    }

    fn record(&mut self, kind: Kind, change: Change) -> Change {
        if let Some(table) = self.tables.get_mut(&kind) {
            table.history.push(change.clone());
            table.changed.send_replace(change.version);
        }
        change
    }

    fn index(&mut self, kind: Kind, key: &ObjectKey, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.by_uid.insert(uid.to_owned(), (kind, key.clone()));
        }
        for owner in owner_uids(object) {
            self.dependents.entry(owner).or_default().insert((kind, key.clone()));
        }
    }

    fn unindex(&mut self, kind: Kind, key: &ObjectKey, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.by_uid.remove(uid);
        }
        for owner in owner_uids(object) {
            if let Some(set) = self.dependents.get_mut(&owner) {
                set.remove(&(kind, key.clone()));
                if set.is_empty() {
                    self.dependents.remove(&owner);
                }
            }
        }
    }

    /// The objects of a kind as they were at an earlier version; refused when too old.
    pub fn at_version(
        &self,
        kind: Kind,
        version: u64,
    ) -> Result<BTreeMap<ObjectKey, Object>, ApiError> {
        let table = self.table(kind);
        let mut objects = table.objects.clone();
        for change in table.history.since(version)?.rev() {
            match &change.old {
                Some(old) => objects.insert(change.key.clone(), old.clone()),
                None => objects.remove(&change.key),
            };
        }
        Ok(objects)
    }
}

/// The uid of the workload that controls an object.
pub fn controller_uid(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    owners.filter(|o| o["controller"] == true).find_map(|o| o["uid"].as_str())
}

fn owner_uids(object: &Value) -> Vec<String> {
    let owners = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    owners.filter_map(|o| o["uid"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(name: &str, value: u32) -> Value {
        json!({"metadata": {"namespace": "a", "name": name}, "data": {"v": value.to_string()}})
    }

    #[test]
    fn an_earlier_version_is_read_as_it_was() {
        let mut store = Store::new(10);
        store.put(Kind::ConfigMap, map("x", 1));
        let then = store.put(Kind::ConfigMap, map("y", 1)).version;
        store.put(Kind::ConfigMap, map("x", 2));
        store.remove(Kind::ConfigMap, &ObjectKey::new("a", "y"));
        store.put(Kind::ConfigMap, map("z", 1));
        let past = store.at_version(Kind::ConfigMap, then).unwrap();
        let names: Vec<_> = past.keys().map(|k| k.name.as_str()).collect();
        assert_eq!(names, ["x", "y"]);
        assert_eq!(past[&ObjectKey::new("a", "x")]["data"]["v"], "1");
    }

    #[test]
    fn a_version_beyond_the_kept_history_is_gone() {
        let mut store = Store::new(3);
        let first = store.put(Kind::ConfigMap, map("x", 0)).version;
        for i in 1..=3 {
            store.put(Kind::ConfigMap, map("x", i));
        }
        assert_eq!(store.at_version(Kind::ConfigMap, first).unwrap().len(), 1);
        store.put(Kind::ConfigMap, map("x", 4));
        assert_eq!(store.at_version(Kind::ConfigMap, first).unwrap_err().code, 410);
    }

    #[test]
    fn an_owner_finds_its_dependents_until_they_are_gone() {
        let mut store = Store::new(10);
        let mut child = map("x", 1);
        child["metadata"]["ownerReferences"] = json!([{"uid": "u1"}]);
        store.put(Kind::ConfigMap, child);
        assert_eq!(store.dependents("u1"), [(Kind::ConfigMap, ObjectKey::new("a", "x"))]);
        store.remove(Kind::ConfigMap, &ObjectKey::new("a", "x"));
        assert!(store.dependents("u1").is_empty());
    }
}
