//! Exit codes, for scripts.

use std::process::ExitCode;

use souk_chain::{keys::KeyError, query::QueryError, rpc::RpcError};
use souk_gateway::ClientError;

use crate::error::{CliError, Stranded};

/// What a command's exit code says. 2 is clap's: the command line could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It worked.
    Ok = 0,
    /// Something else went wrong.
    Failure = 1,
    /// Input was refused before anything was sent: SDL, amounts, configuration, keys.
    Input = 3,
    /// The chain refused the transaction or the query.
    Refused = 4,
    /// Chain or gateway could not be reached.
    Unreachable = 5,
    /// What was asked for does not exist.
    NotFound = 6,
    /// It did not happen in time: no bid, no ready workload.
    TimedOut = 7,
    /// The gateway refused.
    GatewayRefused = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit code that an error stands for: that of the first cause that says one.
pub fn of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(of_cause).unwrap_or(Exit::Failure)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(error) = cause.downcast_ref::<CliError>() {
        return Some(error.exit());
    }
    if let Some(error) = cause.downcast_ref::<Stranded>() {
        return Some(error.exit());
    }
    if let Some(error) = cause.downcast_ref::<ClientError>() {
        return Some(match error {
            ClientError::Refused { .. } => Exit::GatewayRefused,
            _ => Exit::Unreachable,
        });
    }
    if let Some(error) = cause.downcast_ref::<QueryError>() {
        return Some(match error {
            QueryError::NotFound { .. } => Exit::NotFound,
            QueryError::Refused { log, .. } if is_absence(log) => Exit::NotFound,
            QueryError::Refused { .. } => Exit::Refused,
            QueryError::Rpc(_) => Exit::Unreachable,
            _ => Exit::Failure,
        });
    }
    if cause.is::<KeyError>() {
        return Some(Exit::Input);
    }
    cause.downcast_ref::<RpcError>().map(|_| Exit::Unreachable)
}

/// Whether the contracts' words say that there is no such thing.
fn is_absence(log: &str) -> bool {
    ["not found", "is not on the book", "has no lease", "is not registered", "there is no"]
        .iter()
        .any(|words| log.contains(words))
}
