//! A copy of everything, and putting it back: as etcd does from a backup. Versions that were given out
//! since are given out again, and watches from such a version hear nothing until it is reached.

use std::collections::{BTreeMap, HashMap};

use super::{FIRST_VERSION, History, Object, ObjectKey, Store};
use crate::kinds::Kind;

/// A copy of all objects at one version.
#[derive(Clone, Debug)]
pub struct StoreCopy {
    tables: HashMap<Kind, BTreeMap<ObjectKey, Object>>,
    version: u64,
}

impl Store {
    /// A copy of all objects as they are.
    pub fn copy(&self) -> StoreCopy {
        let tables = self.tables.iter().map(|(kind, table)| (*kind, table.objects.clone()));
        StoreCopy { tables: tables.collect(), version: self.version }
    }

    /// Puts a copy back: what came since is gone, without a change that watches could see.
    pub fn put_back(&mut self, copy: &StoreCopy) {
        self.version = copy.version;
        self.by_uid.clear();
        self.dependents.clear();
        for (kind, table) in &mut self.tables {
            table.objects = copy.tables.get(kind).cloned().unwrap_or_default();
            let capacity = table.history.capacity();
            table.history = History::new(capacity, copy.version.max(FIRST_VERSION));
        }
        for (kind, objects) in &copy.tables {
            for (key, object) in objects {
                self.index(*kind, key, object);
            }
        }
    }
}
