//! The two namespaces of a check.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams, Patch, PatchParams},
    core::TypeMeta,
};
use serde_json::json;

use super::objects::Object;
use crate::{
    cluster::kube::{apply::delete_namespace, message::message, objects::Kind},
    config::PodSecurity,
    model::{
        labels::{CHECK, MANAGER},
        scope::MarketScope,
    },
};

/// How long namespaces may take to go.
const REMOVAL: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// Where a check tries things.
pub(super) struct Place {
    pub client: Client,
    /// Tells this check from others.
    pub token: String,
    /// That of the server, and one beside it.
    pub namespaces: [String; 2],
    labels: BTreeMap<String, String>,
    selector: String,
}

impl Place {
    pub fn new(client: Client, scope: &MarketScope) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        let token = scope.hash(&["check", &now.to_string()], 10);
        let namespaces = ["a", "b"].map(|part| format!("souk-check-{token}-{part}"));
        let mut labels: BTreeMap<String, String> =
            scope.labels().map(|(key, value)| (key.to_owned(), value)).into();
        labels.insert(CHECK.to_owned(), "true".to_owned());
        let selector = format!("{},{CHECK}=true", scope.selector());
        Self { client, token, namespaces, labels, selector }
    }

    /// What to do about namespaces that are left.
    pub fn advice(&self) -> String {
        format!("run `kubectl delete namespace -l {}`", self.selector)
    }

    /// Makes the namespaces.
    pub async fn make(&self, level: PodSecurity) -> Result<(), String> {
        for name in &self.namespaces {
            let mut labels = self.labels.clone();
            let enforce = "pod-security.kubernetes.io/enforce".to_owned();
            labels.insert(enforce, level.as_str().to_owned());
            let body = json!({ "metadata": { "name": name, "labels": labels } });
            self.put(Kind::Namespace, None, name, body).await?;
        }
        Ok(())
    }

    pub async fn apply(&self, object: &Object) -> Result<(), String> {
        let namespace = self.namespace(object.elsewhere);
        let mut body = object.body.clone();
        body["metadata"] =
            json!({ "name": object.name, "namespace": namespace, "labels": self.labels });
        self.put(object.kind, Some(namespace), &object.name, body).await
    }

    async fn put(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
        body: serde_json::Value,
    ) -> Result<(), String> {
        let gvk = kind.gvk();
        let failed = |error: &dyn std::fmt::Display| format!("{}/{name}: {error}", gvk.kind);
        let mut object: DynamicObject =
            serde_json::from_value(body).map_err(|error| failed(&error))?;
        object.types = Some(TypeMeta { api_version: gvk.api_version(), kind: gvk.kind.clone() });
        let resource = kind.resource();
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        let params = PatchParams::apply(MANAGER).force();
        let applied = api.patch(name, &params, &Patch::Apply(&object)).await;
        applied.map(drop).map_err(|error| failed(&message(&error)))
    }

    fn namespace(&self, elsewhere: bool) -> &str {
        &self.namespaces[usize::from(elsewhere)]
    }

    /// The pods of one of the namespaces.
    pub fn pods(&self, elsewhere: bool) -> Api<Pod> {
        Api::namespaced(self.client.clone(), self.namespace(elsewhere))
    }

    /// Removes this check's namespaces and waits until they are gone.
    pub async fn remove(&self) -> Result<(), String> {
        self.remove_all(self.namespaces.to_vec()).await
    }

    /// Removes the namespaces of checks that did not; returns how many.
    pub async fn remove_leftovers(&self) -> Result<usize, String> {
        let left = self.left().await?;
        let count = left.len();
        self.remove_all(left).await.map(|()| count)
    }

    async fn left(&self) -> Result<Vec<String>, String> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let listed = namespaces.list_metadata(&ListParams::default().labels(&self.selector)).await;
        let listed = listed.map_err(|error| message(&error))?;
        Ok(listed.items.iter().map(ResourceExt::name_any).collect())
    }

    async fn remove_all(&self, names: Vec<String>) -> Result<(), String> {
        for name in &names {
            let deleted = delete_namespace(&self.client, name, None).await;
            deleted.map_err(|error| format!("{name}: {}", message(&error)))?;
        }
        let until = tokio::time::Instant::now() + REMOVAL;
        loop {
            let mut left = self.left().await?;
            left.retain(|name| names.contains(name));
            if left.is_empty() {
                return Ok(());
            }
            if tokio::time::Instant::now() > until {
                return Err(format!("{} is still being deleted", left.join(", ")));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
