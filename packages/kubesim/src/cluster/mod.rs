//! The simulated cluster: store, specification, and the work that changes make for controllers.

mod queue;
mod route;
mod usage;

use std::sync::Arc;

use serde_json::Value;

pub use queue::{Next, Queue, Work};
pub use usage::Usage;

use crate::{
    kinds::Kind,
    kubelet::Kubelet,
    spec::ClusterSpec,
    store::{Change, Object, ObjectKey, Store, StoreCopy},
};

/// Everything that lives behind the one lock.
pub struct Cluster {
    /// Objects.
    pub store: Store,
    /// The specification.
    pub spec: Arc<ClusterSpec>,
    /// What controllers have to look at.
    pub queue: Queue,
    /// What the pods of each node request.
    pub usage: Usage,
    /// What runs on the nodes.
    pub kubelet: Kubelet,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cluster at version {}", self.store.version())
    }
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

    /// Stores an object, unless it is a dry run, and queues the work that follows.
    pub fn commit(&mut self, kind: Kind, object: Value, dry_run: bool) -> Object {
        if dry_run {
            return Arc::new(object);
        }
        let change = self.store.put(kind, object);
        self.noticed(kind, &change);
        change.new
    }

    /// Removes an object and queues the work that follows.
    pub fn erase(&mut self, kind: Kind, key: &ObjectKey) {
        if let Some(change) = self.store.remove(kind, key) {
            self.noticed(kind, &change);
        }
    }

    /// Puts a copy of the store back, as etcd is put back from a backup.
    pub fn put_back(&mut self, copy: &StoreCopy) {
        self.store.put_back(copy);
        self.usage = Usage::of_pods(self.store.all(Kind::Pod).map(|(_, pod)| &**pod));
    }

    fn noticed(&mut self, kind: Kind, change: &Change) {
        if kind == Kind::Pod {
            self.usage.follow(change);
        }
        route::route(self, kind, change);
    }
}
