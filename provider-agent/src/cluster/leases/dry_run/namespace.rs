//! The namespace in which manifests are tried.

use std::sync::Arc;

use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
};
use tokio::sync::{OnceCell, RwLock};

use crate::{
    cluster::kube::{
        apply,
        message::message,
        objects::{self, Kind},
    },
    config::Cluster,
    model::scope::MarketScope,
};

/// The namespace of the agent's own, with what is in it. One that is not the agent's is not used.
pub struct Namespace {
    client: Client,
    scope: MarketScope,
    cluster: Arc<Cluster>,
    /// Set once it is there; a new one once it is gone.
    made: RwLock<Arc<OnceCell<()>>>,
}

impl Namespace {
    pub fn new(client: Client, scope: MarketScope, cluster: Arc<Cluster>) -> Self {
        Self { client, scope, cluster, made: RwLock::default() }
    }

    /// Makes it, if it is not there.
    ///
    /// # Errors
    ///
    /// If it is somebody else's, or the API server refuses or does not answer.
    pub async fn make(&self) -> Result<(), String> {
        let made = self.made.read().await.clone();
        made.get_or_try_init(|| self.make_now()).await.copied()
    }

    /// It may be gone: it is looked at again before it is used.
    pub async fn doubt(&self) {
        *self.made.write().await = Arc::default();
    }

    async fn make_now(&self) -> Result<(), String> {
        let name = self.scope.dry_run_namespace();
        let objects = objects::dry_run_namespace_objects(&self.scope, &self.cluster);
        let there =
            apply::labels_of_namespace(&self.client, &name).await.map_err(|e| message(&e))?;
        if let Some(labels) = &there {
            if !self.scope.owns(Some(labels)) {
                return Err(format!(
                    "namespace {name} exists and is not this provider's; delete it"
                ));
            }
            let wanted = objects[0].1.metadata.labels.iter().flatten();
            let mut same = wanted.map(|(key, value)| labels.get(key) == Some(value));
            if same.all(|same| same) && self.has_account(&name).await? {
                return Ok(());
            }
        }
        for (kind, object) in &objects {
            apply::apply_anywhere(&self.client, *kind, object).await.map_err(|e| message(&e))?;
        }
        tracing::info!(namespace = name, "namespace for dry runs of manifests is there");
        Ok(())
    }

    async fn has_account(&self, namespace: &str) -> Result<bool, String> {
        let resource = Kind::ServiceAccount.resource();
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &resource);
        let wanted = ListParams::default().labels(&self.scope.selector());
        let found = api.list_metadata(&wanted).await.map_err(|error| message(&error))?;
        Ok(!found.items.is_empty())
    }
}
