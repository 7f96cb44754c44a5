//! What a copy has beside the store, and where the configuration wants it.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// A file's part in the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The configuration itself.
    Config,
    /// The contracts' addresses.
    Contracts,
    /// The operator key.
    Key,
    /// The passphrase of the operator key's file.
    KeyPassphrase,
    /// The gateway's certificate.
    Certificate,
    /// The gateway's key.
    CertificateKey,
    /// The way to the cluster.
    Kubeconfig,
    /// The store.
    Store,
}

impl Role {
    /// All of them, in the order in which they stand in a copy: the configuration says where the others go.
    pub const ALL: [Self; 8] = [
        Self::Config,
        Self::Contracts,
        Self::Key,
        Self::KeyPassphrase,
        Self::Certificate,
        Self::CertificateKey,
        Self::Kubeconfig,
        Self::Store,
    ];

    /// Its name in a copy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "provider.toml",
            Self::Contracts => "contracts",
            Self::Key => "operator.key",
            Self::KeyPassphrase => "operator.passphrase",
            Self::Certificate => "gateway.crt",
            Self::CertificateKey => "gateway.key",
            Self::Kubeconfig => "kubeconfig",
            Self::Store => "agent.db",
        }
    }

    /// The mode of its file: all but what is public is for its owner alone.
    pub const fn mode(self) -> u32 {
        match self {
            Self::Contracts | Self::Certificate => 0o644,
            _ => 0o600,
        }
    }

    /// Where a configuration at `path` wants it; none if it has no such file.
    pub fn path(self, config: &Config, path: &Path) -> Option<PathBuf> {
        match self {
            Self::Config => Some(path.to_owned()),
            Self::Contracts => config.chain.contracts_file.clone(),
            Self::Key => config.provider.key.file.clone(),
            Self::KeyPassphrase => config.provider.key.passphrase_file.clone(),
            Self::Certificate => Some(config.gateway.certificate.clone()),
            Self::CertificateKey => Some(config.gateway.key.clone()),
            Self::Kubeconfig => config.cluster.kubeconfig.clone(),
            Self::Store => Some(config.store.path.clone()),
        }
    }
}
