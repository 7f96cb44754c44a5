//! Objects of all kinds, the one resource version, and what dependents and watchers look up.

mod history;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use serde_json::{Value, json};
use tokio::sync::watch;

pub use history::{Change, ChangeKind, History};

use crate::{error::ApiError, kinds::Kind};

/// An object as stored; never changed in place.
pub type Obj = Arc<Value>;

/// Namespace (empty for cluster-wide kinds) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Namespace, empty for cluster-wide kinds.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// A key of both parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }

    /// The key that an object's metadata gives.
    pub fn of(object: &Value) -> Self {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        Self { namespace: text("namespace"), name: text("name") }
    }
}

struct Table {
    objects: BTreeMap<Key, Obj>,
    history: History,
    changed: watch::Sender<u64>,
}

/// Where to find an object.
pub type Place = (Kind, Key);

/// Objects of all kinds under one resource version.
pub struct Store {
    tables: HashMap<Kind, Table>,
    version: u64,
    places: HashMap<String, Place>,
    dependents: HashMap<String, HashSet<Place>>,
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
            places: HashMap::new(),
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
    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Obj> {
        self.table(kind).objects.get(key)
    }

    /// One object, or why not.
    pub fn require(&self, kind: Kind, key: &Key) -> Result<Obj, ApiError> {
        self.get(kind, key).cloned().ok_or_else(|| ApiError::not_found(kind, &key.name))
    }

    /// All objects of a kind, in order of their keys.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = (&Key, &Obj)> {
        self.table(kind).objects.iter()
    }

    /// The objects of a kind in one namespace.
    pub fn within<'a>(
        &'a self,
        kind: Kind,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Key, &'a Obj)> {
        let from = Key::new(namespace, "");
        self.table(kind).objects.range(from..).take_while(move |(k, _)| k.namespace == namespace)
    }

    /// Where the object with this uid is, if it still exists.
    pub fn place(&self, uid: &str) -> Option<&Place> {
        self.places.get(uid)
    }

    /// Objects that name this uid as an owner.
    pub fn dependents(&self, uid: &str) -> Vec<Place> {
        let mut places: Vec<Place> =
            self.dependents.get(uid).into_iter().flatten().cloned().collect();
        places.sort();
        places
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
        let key = Key::of(&object);
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
    pub fn remove(&mut self, kind: Kind, key: &Key) -> Option<Change> {
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

    fn index(&mut self, kind: Kind, key: &Key, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.places.insert(uid.to_owned(), (kind, key.clone()));
        }
        for owner in owner_uids(object) {
            self.dependents.entry(owner).or_default().insert((kind, key.clone()));
        }
    }

    fn unindex(&mut self, kind: Kind, key: &Key, object: &Value) {
        if let Some(uid) = object["metadata"]["uid"].as_str() {
            self.places.remove(uid);
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
    pub fn at_version(&self, kind: Kind, version: u64) -> Result<BTreeMap<Key, Obj>, ApiError> {
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
        store.remove(Kind::ConfigMap, &Key::new("a", "y"));
        store.put(Kind::ConfigMap, map("z", 1));
        let past = store.at_version(Kind::ConfigMap, then).unwrap();
        let names: Vec<_> = past.keys().map(|k| k.name.as_str()).collect();
        assert_eq!(names, ["x", "y"]);
        assert_eq!(past[&Key::new("a", "x")]["data"]["v"], "1");
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
        assert_eq!(store.dependents("u1"), [(Kind::ConfigMap, Key::new("a", "x"))]);
        store.remove(Kind::ConfigMap, &Key::new("a", "x"));
        assert!(store.dependents("u1").is_empty());
    }
}
