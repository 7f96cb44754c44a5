//! The Kubernetes client of the configuration.

use std::time::Duration;

use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{KubeConfigOptions, Kubeconfig},
};

use super::{
    fence::{Fence, FenceLayer},
    timeout::{REQUEST_TIMEOUT, RequestTimeout},
};
use crate::config::Cluster;

/// Why there is no client for the cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig file.
    #[error(
        "no cluster: {source_name} cannot be used ({problem}); set cluster.kubeconfig and cluster.context"
    )]
    Kubeconfig {
        /// Where it was looked for.
        source_name: String,
        /// What is wrong.
        problem: String,
    },
    /// The client.
    #[error("no cluster: {0}; check the certificates in the kubeconfig")]
    Client(String),
}

/// A client for the configured cluster; it does not connect yet.
///
/// # Errors
///
/// If the kubeconfig cannot be used.
pub async fn from_config(cluster: &Cluster) -> Result<Client, ClusterError> {
    from_config_with(cluster, REQUEST_TIMEOUT).await
}

/// As [`from_config`], with a timeout for each request.
///
/// # Errors
///
/// If the kubeconfig cannot be used.
pub async fn from_config_with(
    cluster: &Cluster,
    timeout: Duration,
) -> Result<Client, ClusterError> {
    build(cluster, timeout, Fence::always_open()).await
}

/// A client by which the cluster is changed, and the fence before it.
#[derive(Clone)]
pub struct Acting {
    /// It changes nothing while the fence is closed.
    pub client: Client,
    /// Closed at first.
    pub fence: Fence,
}

impl Acting {
    /// As [`from_config`].
    ///
    /// # Errors
    ///
    /// If the kubeconfig cannot be used.
    pub async fn from_config(cluster: &Cluster) -> Result<Self, ClusterError> {
        let fence = Fence::default();
        let client = build(cluster, REQUEST_TIMEOUT, fence.clone()).await?;
        Ok(Self { client, fence })
    }
}

async fn build(cluster: &Cluster, timeout: Duration, fence: Fence) -> Result<Client, ClusterError> {
    let mut config = config(cluster).await?;
    // The caches see for themselves whether the API answers; retries inside the client would make
    // a broken watch look healthy for minutes.
    config.default_retry = false;
    let client = ClientBuilder::try_from(config);
    let client = client.map_err(|error| ClusterError::Client(error.to_string()))?;
    Ok(client.with_layer(&RequestTimeout(timeout)).with_layer(&FenceLayer(fence)).build())
}

/// The library's own configuration of a cluster.
///
/// # Errors
///
/// If the kubeconfig cannot be used.
pub(super) async fn config(cluster: &Cluster) -> Result<Config, ClusterError> {
    let options =
        KubeConfigOptions { context: cluster.context.clone(), ..KubeConfigOptions::default() };
    let failed = |source_name: &str, problem: String| ClusterError::Kubeconfig {
        source_name: source_name.to_owned(),
        problem,
    };
    if let Some(path) = &cluster.kubeconfig {
        let name = path.display().to_string();
        let file = Kubeconfig::read_from(path).map_err(|e| failed(&name, e.to_string()))?;
        let made = Config::from_custom_kubeconfig(file, &options).await;
        return made.map_err(|error| failed(&name, error.to_string()));
    }
    if cluster.context.is_some() {
        let name = "KUBECONFIG or ~/.kube/config";
        let made = Config::from_kubeconfig(&options).await;
        return made.map_err(|error| failed(name, error.to_string()));
    }
    let name = "KUBECONFIG, ~/.kube/config or the pod's service account";
    Config::infer().await.map_err(|error| failed(name, error.to_string()))
}
