//! Why a query fails, and the code that its answer has.

use crate::error::{AbciError, sdk};

/// Why a query failed, as its gRPC service says it.
#[derive(Debug)]
pub enum Failure {
    /// The request makes no sense.
    InvalidArgument(String),
    /// What was asked for does not exist.
    NotFound(String),
    /// Any other gRPC status.
    Unknown(String),
    /// A registered error.
    Abci(AbciError),
    /// An error that no module registered.
    Plain(String),
}

impl From<AbciError> for Failure {
    fn from(err: AbciError) -> Self {
        Self::Abci(err)
    }
}

impl From<prost::DecodeError> for Failure {
    fn from(err: prost::DecodeError) -> Self {
        Self::Plain(err.to_string())
    }
}

impl Failure {
    /// The SDK's mapping of gRPC errors to codes of an ABCI answer.
    pub fn into_abci(self) -> AbciError {
        let rpc = |code: &str, text: String| format!("rpc error: code = {code} desc = {text}");
        match self {
            Self::InvalidArgument(text) => sdk::invalid_request(rpc("InvalidArgument", text)),
            Self::NotFound(text) => sdk::key_not_found(rpc("NotFound", text)),
            Self::Unknown(text) => sdk::unknown_request(rpc("Unknown", text)),
            Self::Abci(err) => sdk::unknown_request(err.log),
            Self::Plain(text) => sdk::invalid_request(text),
        }
    }
}
