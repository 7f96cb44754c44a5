//! Exit codes, for scripts.

use std::process::ExitCode;

use souk_chain::{keys::KeyError, query::QueryError, rpc::RpcError, signer::SendError};
use souk_gateway::ClientError;

use crate::error::{CliError, Missing, Stranded};

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
        return Some(of_client(error));
    }
    if let Some(error) = cause.downcast_ref::<Stranded>() {
        return Some(of_stranded(error));
    }
    if cause.is::<Missing>() {
        return Some(Exit::Input);
    }
    if let Some(error) = cause.downcast_ref::<ClientError>() {
        return Some(match error {
            ClientError::Refused { .. } => Exit::GatewayRefused,
            _ => Exit::Unreachable,
        });
    }
    if let Some(error) = cause.downcast_ref::<QueryError>() {
        return Some(of_query(error));
    }
    if let Some(error) = cause.downcast_ref::<SendError>() {
        return Some(of_sending(error));
    }
    if cause.is::<KeyError>() {
        return Some(Exit::Input);
    }
    cause.downcast_ref::<RpcError>().map(|_| Exit::Unreachable)
}

fn of_client(error: &CliError) -> Exit {
    match error {
        CliError::Network { .. }
        | CliError::NoContracts(_)
        | CliError::UnknownKey { .. }
        | CliError::LockedKey { .. }
        | CliError::Input { .. }
        | CliError::File { .. }
        | CliError::Sdl(_) => Exit::Input,
        CliError::Refused { .. } => Exit::Refused,
        CliError::NoBid { .. } | CliError::TimedOut { .. } => Exit::TimedOut,
        CliError::NotFound(_) => Exit::NotFound,
    }
}

/// The exit code of its cause, save for the one that says that nothing was sent.
fn of_stranded(error: &Stranded) -> Exit {
    match of(&error.source) {
        Exit::Input => Exit::Failure,
        other => other,
    }
}

fn of_query(error: &QueryError) -> Exit {
    match error {
        QueryError::NotFound { .. } => Exit::NotFound,
        QueryError::Refused { log, .. } if is_absence(log) => Exit::NotFound,
        QueryError::Refused { .. } => Exit::Refused,
        QueryError::Rpc(_) => Exit::Unreachable,
        _ => Exit::Failure,
    }
}

fn of_sending(error: &SendError) -> Exit {
    match error {
        SendError::Query(error) => of_query(error),
        SendError::NoAccount { .. }
        | SendError::CannotPay { .. }
        | SendError::FeeAboveBound { .. }
        | SendError::WouldFail(_)
        | SendError::Refused(_)
        | SendError::Failed { .. } => Exit::Refused,
        SendError::MempoolFull
        | SendError::NotIncluded { .. }
        | SendError::Unconfirmed { .. }
        | SendError::Standstill { .. } => Exit::TimedOut,
        SendError::TooMuchGas { .. } | SendError::Contended { .. } => Exit::Failure,
    }
}

/// Whether the contracts' words say that there is no such thing.
fn is_absence(log: &str) -> bool {
    ["not found", "is not on the book", "has no lease", "is not registered", "there is no"]
        .iter()
        .any(|words| log.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_transaction_from_its_block_is_told_apart() {
        let unreachable = RpcError::Unavailable { method: "status", reports: Vec::new() };
        let (address, chain_id) = ("souk1".to_owned(), "here".to_owned());
        let hash = souk_chain::TxHash::of(b"sent");
        for (error, exit) in [
            (SendError::Query(unreachable.into()), Exit::Unreachable),
            (SendError::NoAccount { address, chain_id }, Exit::Refused),
            (SendError::NotIncluded { hash, timeout_height: 5 }, Exit::TimedOut),
            (SendError::Standstill { height: 5 }, Exit::TimedOut),
        ] {
            let error = anyhow::Error::new(error).context("depositing");
            assert_eq!(of(&error), exit, "{error:#}");
        }
    }
}
