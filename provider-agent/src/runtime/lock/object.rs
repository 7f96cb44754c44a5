//! The Lease object by which the lock is held, and the requests for it.

use std::time::SystemTime;

use k8s_openapi::{
    api::{coordination::v1::Lease, core::v1::Namespace},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client, ResourceExt, api::PostParams};
use serde_json::json;

use super::{DURATION, TIMEOUT};
use crate::{
    cluster::kube::{message::message, objects::namespace_of_agent},
    config::PodSecurity,
    model::scope::MarketScope,
};

/// The Lease object's name.
const NAME: &str = "souk-provider";
/// The annotation of one that was made when there was none, until its holder waited: nobody may act by it.
const UNPROVEN: &str = "souk.market/unproven";

/// The namespace and the lock in it as an administrator makes them before the first agent: nobody has held it.
/// The lock has no `spec`, so that one that is applied again changes nothing of one that is held.
pub fn never_held(scope: &MarketScope) -> (Namespace, Lease) {
    // No pod is ever to run there.
    let namespace = namespace_of_agent(scope, &scope.own_namespace(), PodSecurity::Restricted);
    let (name, within) = (Some(NAME.to_owned()), Some(scope.own_namespace()));
    let metadata = ObjectMeta { name, namespace: within, ..ObjectMeta::default() };
    (namespace, Lease { metadata, spec: None })
}

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// What the API server, or the way to it, says.
    Api(kube::Error),
    /// There was no answer in time; it may have been done.
    Silent,
}

impl Failure {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Api(error) => message(error),
            Self::Silent => {
                format!("the API server did not answer within {} seconds", TIMEOUT.as_secs())
            }
        }
    }

    /// The HTTP status of an answer.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Api(kube::Error::Api(status)) => Some(status.code),
            _ => None,
        }
    }
}

/// The object as it was read.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Its version.
    pub version: String,
    /// Who holds it; empty if nobody does.
    pub holder: String,
    /// When its holder wrote it last, by its clock.
    pub renewed: Option<MicroTime>,
    /// Since when its holder has it, by its clock.
    pub acquired: Option<MicroTime>,
    /// Whether nobody may act by it yet.
    pub unproven: bool,
}

/// What is written.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// Who holds it; empty if nobody does.
    pub holder: String,
    /// Now.
    pub renewed: MicroTime,
    /// Since when.
    pub acquired: MicroTime,
    /// Whether nobody may act by it yet.
    pub unproven: bool,
}

/// What became of a write.
#[derive(Debug)]
pub(super) enum Written {
    /// It is there, with this version.
    Done(String),
    /// Somebody was faster.
    Conflict,
    /// There is no such object.
    Gone,
}

/// The object of a provider in a market.
pub(super) struct Object {
    client: Client,
    scope: MarketScope,
    namespace: String,
}

impl Object {
    pub fn new(client: Client, scope: MarketScope) -> Self {
        let namespace = scope.own_namespace();
        Self { client, scope, namespace }
    }

    /// Reads it.
    pub async fn read(&self) -> Result<Option<Seen>, Failure> {
        let Some(found) = within(self.leases().get_opt(NAME)).await? else { return Ok(None) };
        let version = found.resource_version().unwrap_or_default();
        let unproven = found.annotations().contains_key(UNPROVEN);
        let spec = found.spec.unwrap_or_default();
        Ok(Some(Seen {
            version,
            holder: spec.holder_identity.unwrap_or_default(),
            renewed: spec.renew_time,
            acquired: spec.acquire_time,
            unproven,
        }))
    }

    /// Makes it, and the namespace that it is in.
    pub async fn create(&self, content: &Content) -> Result<Written, Failure> {
        let (namespace, _) = never_held(&self.scope);
        let all = Api::<Namespace>::all(self.client.clone());
        match within(all.create(&PostParams::default(), &namespace)).await {
            Err(failure) if failure.code() != Some(409) => return Err(failure),
            _ => {}
        }
        let wanted = self.lease(None, content)?;
        written(within(self.leases().create(&PostParams::default(), &wanted)).await)
    }

    /// Replaces that version of it.
    pub async fn replace(&self, version: &str, content: &Content) -> Result<Written, Failure> {
        let wanted = self.lease(Some(version), content)?;
        written(within(self.leases().replace(NAME, &PostParams::default(), &wanted)).await)
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    fn lease(&self, version: Option<&str>, content: &Content) -> Result<Lease, Failure> {
        let annotations = if content.unproven { json!({ UNPROVEN: "true" }) } else { json!({}) };
        let lease = json!({
            "metadata": {
                "name": NAME,
                "namespace": self.namespace,
                "resourceVersion": version,
                "annotations": annotations,
            },
            "spec": {
                "holderIdentity": content.holder,
                "leaseDurationSeconds": DURATION.as_secs(),
                "acquireTime": content.acquired,
                "renewTime": content.renewed,
            },
        });
        serde_json::from_value(lease).map_err(|error| Failure::Api(kube::Error::SerdeError(error)))
    }
}

/// Now, as exactly as the object keeps it: in microseconds.
pub(super) fn now() -> Result<MicroTime, Failure> {
    let text = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
    serde_json::from_value(text.into())
        .map_err(|error| Failure::Api(kube::Error::SerdeError(error)))
}

async fn within<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(TIMEOUT, request).await {
        Ok(answer) => answer.map_err(Failure::Api),
        Err(_) => Err(Failure::Silent),
    }
}

fn written(answer: Result<Lease, Failure>) -> Result<Written, Failure> {
    match answer {
        Ok(lease) => Ok(Written::Done(lease.resource_version().unwrap_or_default())),
        Err(failure) => match failure.code() {
            Some(404) => Ok(Written::Gone),
            Some(409) => Ok(Written::Conflict),
            _ => Err(failure),
        },
    }
}
