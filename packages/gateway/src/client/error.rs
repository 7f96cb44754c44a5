//! What can go wrong between a client and a gateway.

use std::error::Error as _;

use thiserror::Error;

use crate::body::ErrorBody;

/// A call that did not succeed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// No answer, or one that cannot be read.
    #[error("the gateway at {uri} cannot be reached: {cause}")]
    Unreachable {
        /// The gateway.
        uri: String,
        /// The innermost cause.
        cause: String,
    },
    /// The gateway said no.
    #[error("the gateway refused ({status} {}): {}", .body.code, .body.message)]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        body: ErrorBody,
    },
    /// An answer that cannot be read.
    #[error("the gateway's answer cannot be read: {0}")]
    Answer(String),
    /// A line of a stream that cannot be read.
    #[error("the gateway sent a line that cannot be read: {0}")]
    Line(String),
}

impl ClientError {
    pub(super) fn unreachable(uri: &str, error: &reqwest::Error) -> Self {
        // reqwest's own text names the URL only; what went wrong is the innermost source.
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            cause = inner.to_string();
            source = inner.source();
        }
        Self::Unreachable { uri: uri.to_owned(), cause }
    }

    /// Whether the gateway has not seen the lease or the new version yet: try again.
    pub fn is_too_early(&self) -> bool {
        matches!(self, Self::Refused { status: 425, .. })
    }
}
