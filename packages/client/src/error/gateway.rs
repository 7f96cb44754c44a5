//! What can go wrong between a client and a gateway.

use std::error::Error as _;

use souk_gateway::body::ErrorBody;
use thiserror::Error;

/// A call that did not succeed.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The provider's entry in the registry has a pin that is not 32 bytes.
    #[error("a pin is not 32 bytes")]
    Pin,
    /// No answer, or one that breaks off.
    #[error("the gateway at {uri} cannot be reached: {cause}")]
    Unreachable {
        /// The gateway.
        uri: String,
        /// The innermost cause.
        cause: String,
    },
    /// What was asked for is not there, by the gateway's own word: no such lease, no manifest.
    #[error("the gateway refused (404 {}): {}", .0.code, .0.message)]
    Absent(ErrorBody),
    /// The gateway refused.
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

impl GatewayError {
    pub(crate) fn unreachable(uri: &str, error: &reqwest::Error) -> Self {
        // reqwest's own text names the URL only; what went wrong is the innermost source.
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            cause = inner.to_string();
            source = inner.source();
        }
        Self::Unreachable { uri: uri.to_owned(), cause }
    }

    /// What an HTTP status other than success means.
    pub(crate) fn refused(status: u16, body: ErrorBody) -> Self {
        match status {
            404 => Self::Absent(body),
            _ => Self::Refused { status, body },
        }
    }

    /// Status and words of a gateway that answered and refused.
    pub fn refusal(&self) -> Option<(u16, &ErrorBody)> {
        match self {
            Self::Absent(body) => Some((404, body)),
            Self::Refused { status, body } => Some((*status, body)),
            _ => None,
        }
    }

    /// Whether the gateway has not seen the lease or the new version yet: try again.
    pub fn is_too_early(&self) -> bool {
        matches!(self, Self::Refused { status: 425, .. })
    }

    /// Whether the provider cannot say at the moment, since its cluster does not answer or has much to do:
    /// try again.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Refused { status, body }
            if *status == 503 || body.code == "manifest_in_check")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_refused_are_different() {
        let body = || ErrorBody { code: "no_lease".to_owned(), message: "none".to_owned() };
        let absent = GatewayError::refused(404, body());
        assert!(matches!(absent, GatewayError::Absent(_)));
        assert_eq!(absent.to_string(), "the gateway refused (404 no_lease): none");
        let refused = GatewayError::refused(403, body());
        assert!(matches!(refused, GatewayError::Refused { status: 403, .. }));
        assert!(GatewayError::refused(425, body()).is_too_early());
        assert!(GatewayError::refused(503, body()).is_busy());
        assert!(!GatewayError::refused(429, body()).is_busy());
    }
}
