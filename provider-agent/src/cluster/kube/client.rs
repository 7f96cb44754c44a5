//! The Kubernetes client of the configuration.

use std::time::Duration;

use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder, ConfigExt},
    config::{KubeConfigOptions, Kubeconfig},
};
use tower::{BoxError, ServiceBuilder};

use super::{
    fence::{Fence, FenceLayer},
    timeout::{REQUEST_TIMEOUT, RequestTimeout},
};
use crate::config::Cluster;

/// Bytes that a connection has read and not passed on, at most. One that has a large answer keeps a buffer of
/// that size for as long as it lives, and watches live for ever.
const READ_BUFFER: usize = 64 << 10;

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
    // The caches see for themselves whether the API answers; retries inside the client would make a broken
    // watch look healthy for minutes. What is built below has none.
    config.default_retry = false;
    let failed = |error: kube::Error| ClusterError::Client(error.to_string());
    let (timeout, fence) = (RequestTimeout(timeout), FenceLayer(fence));
    if config.proxy_url.is_some() {
        // The library's own client says what it can do.
        let client = ClientBuilder::try_from(config).map_err(failed)?;
        return Ok(client.with_layer(&timeout).with_layer(&fence).build());
    }
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(config.connect_timeout);
    let connector = config.rustls_https_connector_with_connector(http).map_err(failed)?;
    let connections = legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http1_max_buf_size(READ_BUFFER)
        .build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(fence)
        .layer(timeout)
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(failed)?)
        .layer(config.extra_headers_layer().map_err(failed)?)
        .map_err(BoxError::from)
        .service(connections);
    Ok(ClientBuilder::new(service, config.default_namespace).build())
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
