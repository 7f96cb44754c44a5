//! The errors of `init`.

use std::path::PathBuf;

use souk_chain::keys::KeyError;

/// `init` failed.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There is a configuration already.
    #[error("{0} is there already; change it by hand, or choose another folder with --dir")]
    Exists(PathBuf),
    /// The gateway's URI.
    #[error("`{0}` is not a gateway URI; write for instance https://provider.example.com:8443")]
    Uri(String),
    /// A file that cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The key.
    #[error("operator key: {0}")]
    Key(#[from] KeyError),
    /// The certificate.
    #[error("gateway certificate {path}: {problem}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}
