//! One agent at a time: a Lease object in the cluster, in a namespace of the agent's own. Whoever holds it
//! bids, sends, deploys and serves; another one waits.
//!
//! It is held under the identity of the store's file, so that an agent that was killed goes on at once, and
//! a copy of the file waits until the first one let go of it or was silent for [`DURATION`].

use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::api::{coordination::v1::Lease, core::v1::Namespace};
use kube::{Api, Client, ResourceExt, api::PostParams};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::model::{names::hash, scope::MarketScope};

/// The lock is free once its holder was silent for this time.
pub const DURATION: Duration = Duration::from_secs(15);
/// The holder renews it this often.
const RENEWAL: Duration = Duration::from_secs(5);
/// A holder that could not renew it for this time sends nothing until it can.
const DOUBT: Duration = Duration::from_secs(10);
/// One request.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The Lease object's name.
const NAME: &str = "souk-provider";

/// The state of the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockState {
    /// It is not held yet, for this reason.
    Waiting(String),
    /// It is held.
    Held,
    /// It was held, and could not be renewed for a while; another may hold it.
    Doubtful(String),
    /// The agent's user has no permission for it: the agent goes on without.
    Unlocked(String),
}

impl LockState {
    /// Whether the agent may act at all.
    pub fn may_act(&self) -> bool {
        !matches!(self, Self::Waiting(_))
    }

    /// What keeps it from being held.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Held => None,
            Self::Waiting(reason) | Self::Doubtful(reason) | Self::Unlocked(reason) => Some(reason),
        }
    }
}

/// Another agent of the same provider and market took over.
#[derive(Debug, thiserror::Error)]
#[error(
    "another agent of this provider took over ({holder}); run one at a time, and stop the other before you start this again"
)]
pub struct TakenOver {
    holder: String,
}

/// Who holds the lock after an attempt.
enum Attempt {
    Mine,
    Other(String),
    /// Somebody was faster; who it is shows next time.
    Again,
}

/// The lock of a provider in a market.
pub struct Lock {
    client: Client,
    scope: MarketScope,
    namespace: String,
    holder: String,
    /// Another's lock as it was last seen: its version, and since when.
    seen: Option<(String, Instant)>,
    state: watch::Sender<LockState>,
}

/// By what an agent holds the lock: its store's identity, and where it runs, so that a copy of the file
/// holds it under another name.
pub fn holder(identity: &str, store: &std::path::Path) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let path = std::fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
    let name = hash(&[identity, host, &path.to_string_lossy()], 16);
    if host.is_empty() { name } else { format!("{host}/{name}") }
}

impl Lock {
    /// The lock, not held yet.
    pub fn new(
        client: Client,
        scope: MarketScope,
        holder: String,
        state: watch::Sender<LockState>,
    ) -> Self {
        let namespace = scope.own_namespace();
        Self { client, scope, namespace, holder, seen: None, state }
    }

    /// Takes the lock as soon as it is free and holds it until `stop`, when it is let go.
    ///
    /// # Errors
    ///
    /// If another agent took it over.
    pub async fn keep(mut self, stop: CancellationToken) -> Result<(), TakenOver> {
        let mut held: Option<Instant> = None;
        loop {
            let attempt = tokio::time::timeout(TIMEOUT, self.attempt()).await;
            let problem = match attempt {
                Ok(Ok(Attempt::Mine)) => {
                    if held.is_none() {
                        tracing::info!(holder = %self.holder, "lock taken");
                    }
                    held = Some(Instant::now());
                    self.set(LockState::Held);
                    None
                }
                Ok(Ok(Attempt::Again)) => None,
                Ok(Ok(Attempt::Other(holder))) if held.is_some() => {
                    return Err(TakenOver { holder });
                }
                Ok(Ok(Attempt::Other(holder))) => {
                    self.set(LockState::Waiting(format!(
                        "another agent of this provider runs ({holder}); this one waits until it is stopped"
                    )));
                    None
                }
                Ok(Err(kube::Error::Api(status))) if [401, 403].contains(&status.code) => {
                    let text = format!(
                        "the lock that keeps a second agent from acting cannot be taken ({}); run `souk-provider access` again",
                        status.message
                    );
                    if !matches!(*self.state.borrow(), LockState::Unlocked(_)) {
                        tracing::warn!("{text}");
                    }
                    self.set(LockState::Unlocked(text));
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the API server does not answer".to_owned()),
            };
            if let Some(problem) = problem {
                let text =
                    format!("the lock of this provider's agent cannot be asked for: {problem}");
                match held {
                    None => self.set(LockState::Waiting(text)),
                    Some(since) if since.elapsed() > DOUBT => self.set(LockState::Doubtful(text)),
                    Some(_) => {}
                }
            }
            let pause = if held.is_some() { RENEWAL } else { RENEWAL / 5 };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        if held.is_some() {
            // What is not let go of is free a little later.
            let _ = tokio::time::timeout(TIMEOUT, self.let_go()).await;
        }
        Ok(())
    }

    fn set(&self, state: LockState) {
        self.state.send_if_modified(|known| {
            let changed = *known != state;
            *known = state;
            changed
        });
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    async fn attempt(&mut self) -> kube::Result<Attempt> {
        let Some(found) = self.leases().get_opt(NAME).await? else { return self.create().await };
        let spec = found.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        if holder != self.holder && !holder.is_empty() && !self.is_silent(&found) {
            return Ok(Attempt::Other(holder));
        }
        let since = (holder == self.holder).then_some(spec.acquire_time).flatten();
        let since = since.and_then(|time| serde_json::to_value(time).ok());
        let wanted = self.lease(found.resource_version(), &self.holder, since)?;
        match self.leases().replace(NAME, &PostParams::default(), &wanted).await {
            Ok(_) => Ok(Attempt::Mine),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Attempt::Again),
            Err(error) => Err(error),
        }
    }

    /// Whether another's lock did not change for as long as it is held. By this machine's clock: another's
    /// may be wrong.
    fn is_silent(&mut self, found: &Lease) -> bool {
        let version = found.resource_version().unwrap_or_default();
        match &self.seen {
            Some((seen, since)) if *seen == version => since.elapsed() > DURATION,
            _ => {
                self.seen = Some((version, Instant::now()));
                false
            }
        }
    }

    async fn create(&self) -> kube::Result<Attempt> {
        let labels = self.scope.labels().into_iter();
        let mut labels: serde_json::Map<String, Value> =
            labels.map(|(key, value)| (key.to_owned(), value.into())).collect();
        // No pod is ever to run there.
        labels.insert("pod-security.kubernetes.io/enforce".to_owned(), "restricted".into());
        let namespace = json!({ "metadata": { "name": self.namespace, "labels": labels } });
        let namespace: Namespace =
            serde_json::from_value(namespace).map_err(kube::Error::SerdeError)?;
        let all = Api::<Namespace>::all(self.client.clone());
        match all.create(&PostParams::default(), &namespace).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error),
        }
        let wanted = self.lease(None, &self.holder, None)?;
        match self.leases().create(&PostParams::default(), &wanted).await {
            Ok(_) => Ok(Attempt::Mine),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(Attempt::Again),
            Err(error) => Err(error),
        }
    }

    async fn let_go(&self) -> kube::Result<()> {
        let Some(found) = self.leases().get_opt(NAME).await? else { return Ok(()) };
        let holder = found.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
        if holder != Some(self.holder.as_str()) {
            return Ok(());
        }
        let free = self.lease(found.resource_version(), "", None)?;
        self.leases().replace(NAME, &PostParams::default(), &free).await.map(drop)
    }

    fn lease(
        &self,
        version: Option<String>,
        holder: &str,
        since: Option<Value>,
    ) -> kube::Result<Lease> {
        let now = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
        let lease = json!({
            "metadata": { "name": NAME, "namespace": self.namespace, "resourceVersion": version },
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": DURATION.as_secs(),
                "acquireTime": since.unwrap_or_else(|| now.clone().into()),
                "renewTime": now,
            },
        });
        serde_json::from_value(lease).map_err(kube::Error::SerdeError)
    }
}
