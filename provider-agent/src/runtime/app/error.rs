//! What keeps the agent from running.

use souk_chain::{keys::KeyError, pipeline::PipelineError, rpc::RpcError};

use crate::{
    cluster::kube::client::ClusterError,
    config::ConfigError,
    gateway::ServeError,
    runtime::{descriptors::TooFew, metrics::MetricsError},
    store::{StoreError, quote_key::QuoteKeyError},
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
    /// The key that signs what the agent says.
    #[error("key of this agent: {0}")]
    QuoteKey(#[from] QuoteKeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain's endpoints.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The transaction pipeline.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The cluster's configuration.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The gateway.
    #[error("gateway: {0}")]
    Gateway(#[from] ServeError),
    /// The metrics server.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Too few files may be open.
    #[error(transparent)]
    Descriptors(#[from] TooFew),
    /// The limit of open files.
    #[error("the limit of open files cannot be raised: {0}")]
    Limit(std::io::Error),
    /// A task panicked or ended by itself.
    #[error("task `{task}` ended: {reason}")]
    Task {
        /// The task's name.
        task: &'static str,
        /// The reason, if known.
        reason: String,
    },
}
