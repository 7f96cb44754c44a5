//! The configuration: one TOML file, read once at the start, typed and checked.
//!
//! A value can be overridden by the environment: `SOUK_PROVIDER__GATEWAY__LISTEN` stands for
//! `gateway.listen`. Secrets are never in it: the key is a file or a variable that it names.

mod bidding;
mod chain;
mod check;
mod cluster;
mod contracts;
mod error;
mod gateway;
mod images;
mod kept_volumes;
mod quotes;
mod units;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

pub use bidding::{Bidding, GpuRate, Overcommit, RateTable};
pub use chain::{Chain, Key, Provider};
pub use check::Check;
pub use cluster::{
    Cluster, ImagePullPolicy, IngressController, PodSecurity, StorageClass, UserNamespaces,
};
pub use contracts::Contracts;
pub use error::ConfigError;
pub use gateway::{Gateway, GatewayLimits, SelfCheck, host_and_port};
pub use images::Images;
pub use kept_volumes::KeptVolumes;
pub use quotes::{QuoteLimits, Quotes};
pub use units::{Bytes, Hourly, Seconds};

/// The prefix of environment variables that override values.
pub const ENVIRONMENT: &str = "SOUK_PROVIDER";

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The chain and the contracts on it.
    pub chain: Chain,
    /// The provider and the operator key.
    pub provider: Provider,
    /// Where the store is.
    pub store: StoreConfig,
    /// The Kubernetes cluster.
    pub cluster: Cluster,
    /// Prices and limits.
    pub bidding: Bidding,
    /// Prices that are signed off chain.
    #[serde(default)]
    pub quotes: Quotes,
    /// The server for tenants.
    pub gateway: Gateway,
    /// What `check` tries with pods of its own.
    #[serde(default)]
    pub check: Check,
    /// Metrics for the operator.
    #[serde(default)]
    pub metrics: Metrics,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
}

/// Where the store is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The SQLite file; created with mode 0600.
    pub path: PathBuf,
}

/// Metrics for the operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Where `/metrics` and `/healthz` are served, without TLS; nowhere if not given.
    #[serde(deserialize_with = "units::opt_listen")]
    pub listen: Option<SocketAddr>,
    /// How long the deletion of a lease's namespace may take before it is an error of health.
    pub deletion_warning: Seconds,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: None, deletion_warning: Seconds(600) }
    }
}

/// What is logged, to standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A filter such as `info` or `info,souk_provider::market::bidding=debug`.
    pub filter: String,
    /// The format of each line.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), format: LogFormat::Text }
    }
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text.
    Text,
    /// JSON.
    Json,
}

impl Config {
    /// Reads and checks the file. Relative paths in it count from the file's own folder.
    ///
    /// # Errors
    ///
    /// If it cannot be read, parsed or used.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
        let environment = config::Environment::with_prefix(ENVIRONMENT)
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true);
        let base = path.parent().unwrap_or(Path::new("."));
        Self::from_sources(&text, environment, base).map_err(|error| error.in_file(path))
    }

    /// Reads and checks a text, without the environment.
    ///
    /// # Errors
    ///
    /// If it cannot be parsed or used.
    pub fn from_toml(text: &str, base: &Path) -> Result<Self, ConfigError> {
        let none = config::Environment::with_prefix(ENVIRONMENT).source(Some(Default::default()));
        Self::from_sources(text, none, base)
    }

    fn from_sources(
        text: &str,
        environment: config::Environment,
        base: &Path,
    ) -> Result<Self, ConfigError> {
        let parsed = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize::<Self>);
        let mut config = parsed
            .map_err(|error| ConfigError::Parse { path: None, problem: error.to_string() })?;
        config.resolve_paths(base);
        config.chain.read_contracts()?;
        config.check()?;
        Ok(config)
    }

    fn resolve_paths(&mut self, base: &Path) {
        let resolve = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = base.join(&*path);
            }
        };
        resolve(&mut self.store.path);
        self.chain.contracts_file.as_mut().map(resolve);
        self.provider.key.paths_mut().for_each(resolve);
        self.cluster.kubeconfig.as_mut().map(resolve);
        resolve(&mut self.gateway.certificate);
        resolve(&mut self.gateway.key);
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.chain.check()?;
        self.provider.check(&self.chain.prefix)?;
        self.cluster.check()?;
        self.bidding.check()?;
        self.quotes.check()?;
        self.check.check()?;
        self.gateway.check()
    }
}

#[cfg(test)]
pub(crate) use tests::example;

#[cfg(test)]
mod tests;
