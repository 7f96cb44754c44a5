//! What keeps the agent from running.

use souk_chain::{keys::KeyError, pipeline::PipelineError, rpc::RpcError};

use crate::cluster::kube::client::ClusterError;
use crate::{
    config::ConfigError, gateway::ServeError, runtime::metrics::MetricsError, store::StoreError,
};

/// What keeps the agent from running.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The operator key.
    #[error("operator key: {0}")]
    Key(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain's endpoints.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The outbox.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The cluster's configuration.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The gateway.
    #[error("gateway: {0}")]
    Gateway(#[from] ServeError),
    /// The listener for figures.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A task panicked or ended though nobody asked it to.
    #[error("task `{task}` ended: {reason}")]
    Task {
        /// Which.
        task: &'static str,
        /// Why, as far as it is known.
        reason: String,
    },
}
