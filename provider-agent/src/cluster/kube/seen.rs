//! What is known of the leases' objects in the cluster, lease by lease: no more of each object than
//! somebody asks for, since there are many.

use souk_gateway::body::PodStatus;

use super::{container_log::Log, fingerprint::Fingerprint, objects::Kind};
use crate::model::{
    reconcile::Presence,
    volumes::{Assignment, Claim},
};

/// The objects of one lease.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaseObjects {
    /// All but pods; the namespace is among them.
    pub objects: Vec<SeenObject>,
    /// Its pods.
    pub pods: Vec<SeenPod>,
}

/// An object of a lease.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenObject {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Box<str>,
    /// The label of the service of the manifest that it is for, if it is for one.
    pub service: Option<Box<str>>,
    /// Which of its fields are the agent's.
    pub fingerprint: Fingerprint,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// What else counts of its kind.
    pub detail: Detail,
}

/// What counts of an object's kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// Of a namespace.
    Namespace(Box<SeenNamespace>),
    /// Of a Deployment or StatefulSet.
    Workload(Replicas),
    /// Of a Service.
    Service(Box<SeenService>),
    /// The hosts of an Ingress.
    Hosts(Box<[Box<str>]>),
    /// Of a claim for a volume.
    Claim(Box<Claim>),
}

/// What counts of a namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeenNamespace {
    /// Its uid.
    pub uid: Box<str>,
    /// Since when it is being deleted, if it is, in Unix seconds.
    pub deleted_at: Option<i64>,
    /// What keeps it from being deleted, by the API server.
    pub blocked_by: Option<Box<str>>,
    /// The lease's Secrets, by its annotation.
    pub secrets: Box<[SeenSecret]>,
    /// Which service each replica with volumes is of, by another.
    pub assigned: Assignment,
}

/// A Secret that a namespace lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSecret {
    /// Its name.
    pub name: Box<str>,
    /// The label of the service that it is for.
    pub service: Box<str>,
    /// A digest of it with the agent's key; zero if it cannot be read.
    pub digest: u64,
}

/// The replicas of a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    /// How many are wanted; one, if it does not say.
    pub wanted: u32,
    /// How many of the newest generation are ready.
    pub ready: u32,
    /// Its generation, which counts the changes of what is wanted.
    pub generation: i64,
    /// A digest of its uid, which another of the same name does not have; 0 if it is not known.
    pub uid: u64,
    /// Whether it has the pods of all replicas, as agents up to 0.1 made StatefulSets.
    pub is_old: bool,
}

/// What counts of a Service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeenService {
    /// How it is reached from outside.
    pub reach: Reach,
    /// Its ports.
    pub ports: Box<[SeenPort]>,
}

/// How a Service is reached from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reach {
    /// Not at all.
    #[default]
    Inside,
    /// At a port of each node.
    Nodes,
    /// At an address of its own, once it has one.
    Address(Option<Box<str>>),
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenPort {
    /// The port.
    pub port: u16,
    /// The port on the nodes.
    pub node_port: Option<u16>,
    /// `TCP` or `UDP`.
    pub protocol: Box<str>,
    /// The name of the container's port, if it is named.
    pub target: Option<Box<str>>,
}

/// A pod of a lease.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenPod {
    /// Its uid.
    pub uid: Box<str>,
    /// The label of the service of the manifest.
    pub service: Option<Box<str>>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Whether its node has made all that its containers need but their images.
    pub prepared: bool,
    /// When it failed, if it did, in Unix seconds.
    pub failed_at: Option<i64>,
    /// What has to happen before it can go.
    pub finalizers: Box<[Box<str>]>,
    /// What its tenant sees of it.
    pub status: PodStatus,
    /// Whether its container has a log.
    pub log: Log,
    /// The claims that it mounts.
    pub claims: Box<[Box<str>]>,
}

impl SeenPod {
    /// Whether it runs as far as its provider can make it: its containers run, or its node pulls their images, however
    /// long that takes, or tries them and cannot, as with an image that is not there. One that ended, is being deleted, or is on no node does not.
    pub fn is_served(&self) -> bool {
        let tried = || self.status.failure.as_ref().is_some_and(|why| why.container.is_some());
        match self.status.phase.as_str() {
            "Running" => !self.terminating,
            "Pending" => !self.terminating && (self.prepared || tried()),
            _ => false,
        }
    }
}

impl LeaseObjects {
    /// The lease's namespace.
    pub fn namespace(&self) -> Option<&SeenObject> {
        self.objects.iter().find(|object| object.kind == Kind::Namespace)
    }

    /// The state of the lease's namespace.
    pub fn presence(&self) -> Presence {
        match self.namespace() {
            None => Presence::Absent,
            Some(namespace) if namespace.terminating => Presence::Terminating,
            Some(_) => Presence::Active,
        }
    }

    /// The uid of the lease's namespace.
    pub fn uid(&self) -> Option<&str> {
        match &self.namespace()?.detail {
            Detail::Namespace(namespace) => Some(&namespace.uid),
            _ => None,
        }
    }

    /// An object.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&SeenObject> {
        self.objects.iter().find(|object| object.kind == kind && &*object.name == name)
    }

    /// Which service each replica with volumes is of, as its namespace says.
    pub fn assigned(&self) -> &Assignment {
        match self.namespace().map(|namespace| &namespace.detail) {
            Some(Detail::Namespace(namespace)) => &namespace.assigned,
            _ => Assignment::none(),
        }
    }

    /// The replicas of a workload, if it is seen.
    pub fn replicas(&self, kind: Kind, name: &str) -> Option<Replicas> {
        match self.find(kind, name)?.detail {
            Detail::Workload(replicas) => Some(replicas),
            _ => None,
        }
    }

    /// The claims for its volumes.
    pub fn claims(&self) -> Vec<Claim> {
        let claim = |object: &SeenObject| match &object.detail {
            Detail::Claim(claim) => Some((**claim).clone()),
            _ => None,
        };
        self.objects.iter().filter_map(claim).collect()
    }

    /// The workloads that are not scaled to zero.
    pub fn running(&self) -> impl Iterator<Item = &SeenObject> {
        let runs = |object: &&SeenObject| match object.detail {
            Detail::Workload(replicas) => replicas.wanted > 0,
            _ => false,
        };
        self.objects.iter().filter(runs)
    }

    /// Its Services, by name.
    pub fn services(&self) -> Vec<(&SeenObject, &SeenService)> {
        let mut found: Vec<(&SeenObject, &SeenService)> = Vec::new();
        for object in &self.objects {
            if let Detail::Service(service) = &object.detail {
                found.push((object, service));
            }
        }
        found.sort_by_key(|(object, _)| &object.name);
        found
    }

    /// What keeps its namespace from being deleted: what the API server says, and the pods that are
    /// left. While a pod is left the API server says that all content is removed.
    pub fn blocked_by(&self) -> Option<String> {
        let namespace = self.namespace().filter(|namespace| namespace.terminating)?;
        let said = match &namespace.detail {
            Detail::Namespace(namespace) => namespace.blocked_by.as_deref(),
            _ => None,
        };
        let mut pods: Vec<&SeenPod> = self.pods.iter().collect();
        pods.sort_by_key(|pod| (pod.finalizers.is_empty(), &pod.status.name));
        let name = |pod: &SeenPod| match pod.finalizers.is_empty() {
            true => pod.status.name.clone(),
            false => format!("{} (finalizer {})", pod.status.name, pod.finalizers.join(", ")),
        };
        let pods = match pods.as_slice() {
            [] => None,
            [one] => Some(format!("pod {} has not ended yet", name(one))),
            [first, ..] => {
                Some(format!("{} pods have not ended yet, {} among them", pods.len(), name(first)))
            }
        };
        let parts: Vec<String> = said.map(str::to_owned).into_iter().chain(pods).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Inserts or replaces an object; true if that changes anything.
    pub(super) fn put(&mut self, object: SeenObject) -> bool {
        let same = |known: &&mut SeenObject| known.kind == object.kind && known.name == object.name;
        match self.objects.iter_mut().find(same) {
            Some(known) if *known == object => false,
            Some(known) => {
                *known = object;
                true
            }
            None => {
                // There are many leases, and few objects of each come later.
                self.objects.reserve_exact(1);
                self.objects.push(object);
                true
            }
        }
    }

    /// As [`put`](Self::put), of a pod.
    pub(super) fn put_pod(&mut self, pod: SeenPod) -> bool {
        match self.pods.iter_mut().find(|known| known.status.name == pod.status.name) {
            Some(known) if *known == pod => false,
            Some(known) => {
                *known = pod;
                true
            }
            None => {
                self.pods.reserve_exact(1);
                self.pods.push(pod);
                true
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.pods.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use souk_gateway::body::PodFailure;

    use super::*;

    fn pod(name: &str) -> SeenPod {
        let status = PodStatus {
            name: name.into(),
            phase: "Running".into(),
            ready: false,
            restarts: 0,
            reason: None,
            failure: None,
        };
        SeenPod {
            uid: "1".into(),
            service: None,
            terminating: true,
            prepared: false,
            failed_at: None,
            finalizers: Box::default(),
            status,
            log: Log::None,
            claims: Box::default(),
        }
    }

    #[test]
    fn a_pod_is_served_while_its_containers_run_or_its_node_tries_them() {
        let failing = |container: Option<&str>| {
            let container = container.map(str::to_owned);
            Some(PodFailure { reason: "reason".into(), container, ..PodFailure::default() })
        };
        for (phase, failure, terminating, expected) in [
            ("Running", None, false, true),
            ("Running", failing(Some("web")), false, true),
            ("Running", None, true, false),
            ("Pending", None, false, false),
            // It fits on no node.
            ("Pending", failing(None), false, false),
            // Its image cannot be pulled.
            ("Pending", failing(Some("web")), false, true),
            ("Pending", failing(Some("web")), true, false),
            ("Failed", failing(Some("web")), false, false),
            ("Succeeded", None, false, false),
        ] {
            let mut pod = SeenPod { terminating, ..pod("web-1") };
            (pod.status.phase, pod.status.failure) = (phase.into(), failure.map(Box::new));
            assert_eq!(pod.is_served(), expected, "{phase} {:?}", pod.status.failure);
        }
        // Its image is being pulled, for hours.
        for (phase, terminating, expected) in
            [("Pending", false, true), ("Pending", true, false), ("Failed", false, false)]
        {
            let mut pod = SeenPod { terminating, prepared: true, ..pod("web-1") };
            pod.status.phase = phase.into();
            assert_eq!(pod.is_served(), expected, "{phase}");
        }
    }

    #[test]
    fn pods_that_hold_a_namespace_are_counted_though_it_says_that_all_is_removed() {
        let namespace = |terminating| SeenObject {
            kind: Kind::Namespace,
            name: "souk-x-7".into(),
            service: None,
            fingerprint: Fingerprint(1),
            terminating,
            detail: Detail::Namespace(Box::default()),
        };
        let mut lease = LeaseObjects::default();
        lease.put(namespace(false));
        assert!(lease.put_pod(pod("web-1")) && !lease.put_pod(pod("web-1")));
        assert_eq!(lease.blocked_by(), None, "it is not being deleted");
        assert!(lease.put(namespace(true)));
        assert_eq!(lease.blocked_by().unwrap(), "pod web-1 has not ended yet");
        lease.put_pod(pod("db-0"));
        assert_eq!(lease.blocked_by().unwrap(), "2 pods have not ended yet, db-0 among them");
        let held = SeenPod { finalizers: ["x.io/hold".into()].into(), ..pod("web-1") };
        lease.put_pod(held);
        let blocked_by = lease.blocked_by().unwrap();
        assert!(blocked_by.ends_with("web-1 (finalizer x.io/hold) among them"), "{blocked_by}");
        lease.pods.clear();
        assert_eq!(lease.blocked_by(), None);
    }
}
