//! The Kubernetes objects of a lease: pure, from the lease, its group of the manifest and the
//! cluster's configuration. One file per kind.

mod environment;
mod ingress;
mod isolation;
mod quota;
mod recipe;
pub mod secret_list;
mod service_account;

mod dry_run;
mod namespace;
mod network_policy;
mod pod;
mod secrets;
mod service;
mod volumes;
mod workload;

use std::{collections::BTreeMap, convert::Infallible};

use kube::core::{ApiResource, DynamicObject, GroupVersionKind, ObjectMeta, TypeMeta};
use serde_json::Value;
use souk_core::OrderId;
use souk_sdl::{ManifestGroup, ManifestService};

pub use dry_run::{Attempt, attempts, dry_run_namespace_objects};
pub use ingress::hosts;
pub use namespace::of_agent as namespace_of_agent;
pub use network_policy::ingress_controllers;
pub use recipe::recipe;
use secret_list::SecretList;
pub use service::{leased_ip_service, leased_ips, node_port_service, port_name, ports_outside};

use crate::{
    config::Cluster,
    model::{
        DigestKey, Owner, labels,
        names::label_value,
        placement::{Devices, Placement, Unreserved},
        scope::MarketScope,
        volumes::{Claim, VolumePlan},
    },
};

/// The input of the objects.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The lease.
    pub order: OrderId,
    /// The provider and market that it belongs to.
    pub scope: &'a MarketScope,
    /// Whose lease it is.
    pub owner: Owner<'a>,
    /// The group of the manifest that runs.
    pub group: &'a ManifestGroup,
    /// Where the replicas were placed when the bid was made.
    pub placements: &'a [Placement],
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The key of digests of what is secret.
    pub digests: &'a DigestKey,
    /// Whether workloads run; while the account is depleted they are scaled to zero.
    pub running: bool,
    /// The claims for volumes that are in its namespace; none if it is new.
    pub claims: &'a [Claim],
}

/// The kinds of a lease's objects, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The lease's namespace.
    Namespace,
    /// The limits of all pods together.
    ResourceQuota,
    /// Defaults for containers without limits.
    LimitRange,
    /// Allowed traffic.
    NetworkPolicy,
    /// The pods' identity, without permissions.
    ServiceAccount,
    /// Environments and registry logins.
    Secret,
    /// Ports.
    Service,
    /// Volumes that outlive their pods.
    PersistentVolumeClaim,
    /// A workload without persistent volumes.
    Deployment,
    /// A replica with persistent volumes.
    StatefulSet,
    /// Host names.
    Ingress,
}

impl Kind {
    /// All of them, in the order in which they are applied.
    pub const ALL: [Self; 11] = [
        Self::Namespace,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::NetworkPolicy,
        Self::ServiceAccount,
        Self::Secret,
        Self::Service,
        Self::PersistentVolumeClaim,
        Self::Deployment,
        Self::StatefulSet,
        Self::Ingress,
    ];

    /// Those that are watched: all but Secrets, which the agent may not read.
    pub const WATCHED: [Self; 10] = [
        Self::Namespace,
        Self::ResourceQuota,
        Self::LimitRange,
        Self::NetworkPolicy,
        Self::ServiceAccount,
        Self::Service,
        Self::PersistentVolumeClaim,
        Self::Deployment,
        Self::StatefulSet,
        Self::Ingress,
    ];

    /// Kubernetes' group, version and kind.
    pub fn gvk(self) -> GroupVersionKind {
        let (group, kind) = match self {
            Self::Namespace => ("", "Namespace"),
            Self::ResourceQuota => ("", "ResourceQuota"),
            Self::LimitRange => ("", "LimitRange"),
            Self::NetworkPolicy => ("networking.k8s.io", "NetworkPolicy"),
            Self::ServiceAccount => ("", "ServiceAccount"),
            Self::Secret => ("", "Secret"),
            Self::Service => ("", "Service"),
            Self::PersistentVolumeClaim => ("", "PersistentVolumeClaim"),
            Self::Deployment => ("apps", "Deployment"),
            Self::StatefulSet => ("apps", "StatefulSet"),
            Self::Ingress => ("networking.k8s.io", "Ingress"),
        };
        GroupVersionKind::gvk(group, "v1", kind)
    }

    /// The kind of Kubernetes' name for it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.gvk().kind == name)
    }

    /// Its resource in the API.
    pub fn resource(self) -> ApiResource {
        let plural = match self {
            Self::Namespace => "namespaces",
            Self::ResourceQuota => "resourcequotas",
            Self::LimitRange => "limitranges",
            Self::NetworkPolicy => "networkpolicies",
            Self::ServiceAccount => "serviceaccounts",
            Self::Secret => "secrets",
            Self::Service => "services",
            Self::PersistentVolumeClaim => "persistentvolumeclaims",
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::Ingress => "ingresses",
        };
        ApiResource::from_gvk_with_plural(&self.gvk(), plural)
    }
}

/// An object to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The service that it is for, if it is for one.
    pub service: Option<String>,
    /// Everything but kind, name, namespace and labels.
    pub body: Value,
    /// Labels beside those of all objects of the lease.
    pub labels: Vec<(&'static str, String)>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Object {
    fn new(kind: Kind, name: impl Into<String>, body: Value) -> Self {
        Self {
            kind,
            name: name.into(),
            service: None,
            body,
            labels: Vec::new(),
            annotations: BTreeMap::new(),
        }
    }

    fn of_service(kind: Kind, name: impl Into<String>, service: &str, body: Value) -> Self {
        Self { service: Some(service.to_owned()), ..Self::new(kind, name, body) }
    }

    /// The object as it is sent to the API server.
    pub fn dynamic(&self, subject: &Subject<'_>) -> DynamicObject {
        let gvk = self.kind.gvk();
        let mut labels = subject.labels();
        labels.extend(self.labels.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        if let Some(service) = &self.service {
            labels.push((labels::SERVICE.to_owned(), label_value(service)));
        }
        let in_namespace = self.kind != Kind::Namespace;
        DynamicObject {
            types: Some(TypeMeta { api_version: gvk.api_version(), kind: gvk.kind }),
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: in_namespace.then(|| subject.namespace()),
                labels: Some(labels.into_iter().collect()),
                annotations: (!self.annotations.is_empty()).then(|| self.annotations.clone()),
                ..ObjectMeta::default()
            },
            data: self.body.clone(),
        }
    }
}

impl Subject<'_> {
    /// The lease's namespace.
    pub fn namespace(&self) -> String {
        self.scope.namespace(self.order)
    }

    /// The labels of every object of this lease.
    pub fn labels(&self) -> Vec<(String, String)> {
        let scope = self.scope.labels().map(|(key, value)| (key.to_owned(), value));
        let order = (labels::ORDER.to_owned(), self.order.to_string());
        scope.into_iter().chain([order]).collect()
    }

    /// The claims of its volumes, and who has them.
    fn volumes(&self) -> VolumePlan {
        VolumePlan::of(self.group, self.claims, &self.cluster.storage_classes)
    }

    fn placement(&self, service: &ManifestService) -> Option<&Placement> {
        self.placements_of(service).next()
    }

    /// The GPUs of a service's replicas; none if it asks for none.
    fn devices(&self, service: &ManifestService) -> Result<Option<Devices<'_>>, Unreserved> {
        let wanted = service.resources.gpu.units.get();
        Devices::of(&service.name, wanted, self.placements_of(service))
    }

    fn placements_of(&self, service: &ManifestService) -> impl Iterator<Item = &Placement> {
        let unit = service.resources.id;
        self.placements.iter().filter(move |placement| placement.unit == unit)
    }
}

/// All objects of a lease, in the order in which they are applied.
///
/// # Errors
///
/// If a service's GPUs are not reserved: then nothing may be applied.
pub fn all(subject: &Subject<'_>) -> Result<Vec<Object>, Unreserved> {
    let services = &subject.group.services;
    let gpus: Vec<_> =
        services.iter().map(|service| subject.devices(service)).collect::<Result<_, _>>()?;
    let gpus: Vec<_> = services.iter().zip(gpus).collect();
    collect(subject, &gpus, |service| {
        Ok(pod::template(subject, service, subject.devices(service)?.as_ref()))
    })
}

/// As [`all`], to be tried and not to run: a service whose GPUs are not reserved is made without them.
pub fn to_try(subject: &Subject<'_>) -> Vec<Object> {
    let without_gpus = |service: &ManifestService| {
        let devices = subject.devices(service).ok().flatten();
        Ok::<_, Infallible>(pod::template(subject, service, devices.as_ref()))
    };
    let Ok(objects) = collect(subject, &[], without_gpus);
    objects
}

/// The name of an object of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The service that it is for, if it is for one.
    pub service: Option<String>,
}

/// The names of all objects of a lease, in the same order; they need no reservation.
pub fn names(subject: &Subject<'_>) -> Vec<ObjectName> {
    let without_pods = |_: &ManifestService| Ok::<_, Infallible>(Value::Null);
    let Ok(objects) = collect(subject, &[], without_pods);
    let name = |Object { kind, name, service, .. }| ObjectName { kind, name, service };
    objects.into_iter().map(name).collect()
}

fn collect<E>(
    subject: &Subject<'_>,
    gpus: &[(&ManifestService, Option<Devices<'_>>)],
    template: impl Fn(&ManifestService) -> Result<Value, E>,
) -> Result<Vec<Object>, E> {
    let plan = subject.volumes();
    let mut objects = vec![
        namespace::build(subject),
        quota::quota(subject, gpus, &plan),
        quota::limit_range(),
        network_policy::build(subject),
        service_account::service_account(),
    ];
    for service in &subject.group.services {
        objects.extend(secrets::environment(service));
        objects.extend(secrets::registry_login(service));
        objects.extend(service::build(service));
        objects.extend(workload::build(subject, service, template(service)?, &plan));
    }
    objects.extend(volumes::claims(&plan));
    objects.extend(service::on_leased_ips(subject));
    objects.extend(ingress::build(subject));
    objects.sort_by_key(|object| object.kind);
    let secrets = SecretList::of(subject, &objects);
    if let Some(namespace) = objects.first_mut().filter(|_| !secrets.is_empty()) {
        secrets.write(namespace);
    }
    Ok(objects)
}

#[cfg(test)]
mod tests;
