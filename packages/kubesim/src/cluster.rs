//! The simulated cluster: store, specification, and the work that changes make for controllers.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    controllers::{self, Kubelet, Queue},
    kinds::Kind,
    scheduler::Usage,
    spec::ClusterSpec,
    store::{Change, Key, Obj, Store},
};

/// Everything that lives behind the one lock.
pub struct Cluster {
    /// Objects.
    pub store: Store,
    /// What was asked for.
    pub spec: Arc<ClusterSpec>,
    /// What controllers have to look at.
    pub queue: Queue,
    /// What the pods of each node request.
    pub usage: Usage,
    /// What runs on the nodes.
    pub kubelet: Kubelet,
}

impl Cluster {
    /// An empty cluster.
    pub fn new(spec: ClusterSpec) -> Self {
        Self {
            store: Store::new(spec.history),
            spec: Arc::new(spec),
            queue: Queue::default(),
            usage: Usage::default(),
            kubelet: Kubelet::default(),
        }
    }

    /// Stores an object, unless it is a dry run, and tells the controllers.
    pub fn commit(&mut self, kind: Kind, object: Value, dry_run: bool) -> Obj {
        if dry_run {
            return Arc::new(object);
        }
        let change = self.store.put(kind, object);
        self.noticed(kind, &change);
        change.new
    }

    /// Removes an object and tells the controllers.
    pub fn erase(&mut self, kind: Kind, key: &Key) {
        if let Some(change) = self.store.remove(kind, key) {
            self.noticed(kind, &change);
        }
    }

    fn noticed(&mut self, kind: Kind, change: &Change) {
        if kind == Kind::Pod {
            self.usage.follow(change);
        }
        controllers::route(self, kind, change);
    }
}
