//! Which pods there are, and whether their containers have a log, by what is seen: the API server is
//! not asked for a log that cannot be there.

pub use crate::cluster::kube::container_log::Log;
use crate::cluster::kube::{cache::Caches, seen::SeenPod};

/// The pods of all leases.
pub struct Pods(Caches);

/// A pod whose log is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The service that it is of.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
}

impl Pods {
    /// By what is seen of the leases.
    pub fn new(caches: Caches) -> Self {
        Self(caches)
    }

    /// The pods of a namespace.
    pub fn of(&self, namespace: &str) -> Vec<SeenPod> {
        self.0.pods(namespace)
    }

    /// What a pod's container has to say now.
    pub fn log(&self, source: &Source) -> Log {
        self.0.log(&source.namespace, &source.pod, &source.uid)
    }
}
