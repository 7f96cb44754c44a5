//! The one table of kinds: what each is called, where it lives and how it is decoded.

use k8s_openapi::{
    Resource,
    api::{apps::v1 as apps, core::v1 as core},
    api::{coordination, discovery, networking, node, policy, rbac, scheduling, storage},
    apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions,
};
use serde_json::Value;

/// How a body is read as its Go type would be: unknown fields fall away, wrong types are errors.
pub type Decode = fn(Value) -> Result<Value, String>;

/// What the machinery needs to know of a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// API group, empty for core.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// Name of the kind, such as `Pod`.
    pub kind: &'static str,
    /// Name in URLs, such as `pods`.
    pub plural: &'static str,
    /// Short names that kubectl accepts.
    pub short: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Whether there is a status subresource.
    pub status: bool,
    /// Whether there is a scale subresource.
    pub scale: bool,
    /// Whether `metadata.generation` counts changes of the desired state.
    pub generation: bool,
    /// Whether replacing an object that is not there creates it.
    pub put_creates: bool,
    /// Reads a body as the typed object would.
    pub decode: Decode,
}

fn decode<T>(value: Value) -> Result<Value, String>
where
    T: serde::de::DeserializeOwned + serde::Serialize,
{
    let typed: T = serde_json::from_value(value).map_err(|e| e.to_string())?;
    serde_json::to_value(typed).map_err(|e| e.to_string())
}

macro_rules! kinds {
    ($($id:ident: $ty:ty, [$($short:literal),*], $($flag:ident)*;)*) => {
        /// Every kind that is served.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Kind { $($id),* }

        impl Kind {
            /// All kinds, in the order of discovery.
            pub const ALL: &'static [Kind] = &[$(Kind::$id),*];

            /// The kind's row.
            pub fn info(self) -> &'static KindInfo {
                match self {
                    $(Kind::$id => {
                        const INFO: KindInfo = KindInfo {
                            group: <$ty as Resource>::GROUP,
                            version: <$ty as Resource>::VERSION,
                            kind: <$ty as Resource>::KIND,
                            plural: <$ty as Resource>::URL_PATH_SEGMENT,
                            short: &[$($short),*],
                            namespaced: has(&[$(stringify!($flag)),*], "namespaced"),
                            status: has(&[$(stringify!($flag)),*], "status"),
                            scale: has(&[$(stringify!($flag)),*], "scale"),
                            generation: has(&[$(stringify!($flag)),*], "generation"),
                            put_creates: has(&[$(stringify!($flag)),*], "put_creates"),
                            decode: decode::<$ty>,
                        };
                        &INFO
                    })*
                }
            }
        }
    };
}

const fn has(flags: &[&str], wanted: &str) -> bool {
    let mut i = 0;
    while i < flags.len() {
        if same(flags[i].as_bytes(), wanted.as_bytes()) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

kinds! {
    Namespace: core::Namespace, ["ns"], status;
    Node: core::Node, ["no"], status;
    PersistentVolume: core::PersistentVolume, ["pv"], status;
    Pod: core::Pod, ["po"], namespaced status generation;
    Service: core::Service, ["svc"], namespaced status put_creates;
    Secret: core::Secret, [], namespaced;
    ConfigMap: core::ConfigMap, ["cm"], namespaced;
    ServiceAccount: core::ServiceAccount, ["sa"], namespaced;
    PersistentVolumeClaim: core::PersistentVolumeClaim, ["pvc"], namespaced status;
    Event: core::Event, ["ev"], namespaced put_creates;
    ResourceQuota: core::ResourceQuota, ["quota"], namespaced status;
    LimitRange: core::LimitRange, ["limits"], namespaced put_creates;
    Endpoints: core::Endpoints, ["ep"], namespaced put_creates;
    Deployment: apps::Deployment, ["deploy"], namespaced status scale generation;
    StatefulSet: apps::StatefulSet, ["sts"], namespaced status scale generation;
    ReplicaSet: apps::ReplicaSet, ["rs"], namespaced status scale generation;
    ControllerRevision: apps::ControllerRevision, [], namespaced;
    Ingress: networking::v1::Ingress, ["ing"], namespaced status generation;
    IngressClass: networking::v1::IngressClass, [], generation;
    NetworkPolicy: networking::v1::NetworkPolicy, ["netpol"], namespaced generation;
    StorageClass: storage::v1::StorageClass, ["sc"], ;
    Role: rbac::v1::Role, [], namespaced put_creates;
    RoleBinding: rbac::v1::RoleBinding, [], namespaced put_creates;
    ClusterRole: rbac::v1::ClusterRole, [], put_creates;
    ClusterRoleBinding: rbac::v1::ClusterRoleBinding, [], put_creates;
    RuntimeClass: node::v1::RuntimeClass, [], put_creates;
    Lease: coordination::v1::Lease, [], namespaced put_creates;
    PodDisruptionBudget: policy::v1::PodDisruptionBudget, ["pdb"], namespaced status generation;
    PriorityClass: scheduling::v1::PriorityClass, ["pc"], generation;
    EndpointSlice: discovery::v1::EndpointSlice, [], namespaced generation;
    CustomResourceDefinition: apiextensions::CustomResourceDefinition, ["crd", "crds"], status generation;
}

impl Kind {
    /// The kind that a URL means.
    pub fn by_url(group: &str, version: &str, plural: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| {
            let info = k.info();
            info.group == group && info.version == version && info.plural == plural
        })
    }

    /// The kind of an `apiVersion` and `kind` pair.
    pub fn by_name(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.info().kind == kind && k.api_version() == api_version)
    }

    /// Such as `v1` or `apps/v1`.
    pub fn api_version(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.version.to_owned()
        } else {
            format!("{}/{}", info.group, info.version)
        }
    }

    /// `pods` or `deployments.apps`, as messages and quotas name it.
    pub fn qualified(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.plural.to_owned()
        } else {
            format!("{}.{}", info.plural, info.group)
        }
    }

    /// Whether objects live in namespaces.
    pub fn namespaced(self) -> bool {
        self.info().namespaced
    }
}
