//! A claim for a volume, as the cluster has it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use crate::model::{
    labels::{CLASS, POOL, REPLICA, SERVICE, VOLUME},
    placement::quantity,
};

/// A claim for a volume in a lease's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: Box<str>,
    /// The replica that it is of; none if an agent made it that kept volumes by service.
    pub replica: Option<Box<str>>,
    /// The pool of the replica.
    pub pool: Option<Box<str>>,
    /// The label of its volume's name.
    pub volume: Option<Box<str>>,
    /// The label of the service that had it last.
    pub service: Option<Box<str>>,
    /// The market's class.
    pub class: Option<Box<str>>,
    /// The cluster's StorageClass.
    pub storage_class: Option<Box<str>>,
    /// Bytes that it asks for.
    pub size: u64,
    /// When it was made by the API server's clock, Unix seconds.
    pub created: Option<u64>,
}

impl Claim {
    /// Reads a claim.
    pub fn of(claim: &PersistentVolumeClaim) -> Self {
        let meta = &claim.metadata;
        let label = |key: &str| Some(Box::from(meta.labels.as_ref()?.get(key)?.as_str()));
        let spec = claim.spec.as_ref();
        let requests = spec.and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
        let created = meta.creation_timestamp.as_ref().map(|time| time.0.as_second());
        Self {
            name: meta.name.as_deref().unwrap_or_default().into(),
            replica: label(REPLICA),
            pool: label(POOL),
            volume: label(VOLUME),
            service: label(SERVICE),
            class: label(CLASS),
            storage_class: spec.and_then(|spec| Some(spec.storage_class_name.as_deref()?.into())),
            size: quantity(requests.unwrap_or(&BTreeMap::new()), "storage").units(),
            created: created.and_then(|seconds| u64::try_from(seconds).ok()),
        }
    }
}
