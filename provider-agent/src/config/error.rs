//! The errors of a configuration.

use std::path::{Path, PathBuf};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that cannot be read.
    #[error(
        "cannot read {path}: {error}; run `souk-provider init` to make a configuration, or name one with --config"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Invalid TOML, an unknown or missing key, or a value of the wrong type.
    #[error("configuration{}: {problem}", path.as_ref().map(|p| format!(" {}", p.display())).unwrap_or_default())]
    Parse {
        /// The file, if it is one.
        path: Option<PathBuf>,
        /// What is wrong, with the key.
        problem: String,
    },
    /// An invalid value.
    #[error("configuration: `{key}` is `{value}`: {problem}; {advice}")]
    Invalid {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        advice: String,
    },
}

impl ConfigError {
    pub(super) fn invalid(
        key: &str,
        value: impl ToString,
        problem: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            key: key.to_owned(),
            value: value.to_string(),
            problem: problem.into(),
            advice: advice.into(),
        }
    }

    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Parse { path: None, problem } => {
                Self::Parse { path: Some(file.to_owned()), problem }
            }
            other => other,
        }
    }
}
