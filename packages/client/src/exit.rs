//! How Souk's programs end, for scripts and for people: exit codes, and an error with its causes as
//! one line.

use std::{error::Error as StdError, process::ExitCode};

use souk_chain::{
    keys::KeyError, log::own_words, query::QueryError, rpc::RpcError, signer::SendError,
};

use crate::error::{Error, GatewayError, MarketError, Unfinished};

/// The exit codes in one sentence, for the end of a program's help.
pub const HELP: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 input refused before \
anything was sent, 4 refused by the chain, 5 chain or gateway unreachable, 6 not found, 7 timed \
out, 8 refused by the gateway.";

/// What a program's exit code says. 2 is clap's: the command line could not be read.
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

/// An error and its causes from the outside in, each said once, and without what chain and
/// modules wrap around a contract's own words.
pub fn describe<'e>(causes: impl Iterator<Item = &'e (dyn StdError + 'static)>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes {
        let part = match cause.downcast_ref::<QueryError>() {
            Some(QueryError::Refused { log, .. }) => own_words(log).to_owned(),
            _ => cause.to_string(),
        };
        // Many errors quote their cause.
        if !parts.last().is_some_and(|last| last.ends_with(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}

/// The exit code that a cause stands for, if it is an error of the client or of what it stands on.
pub fn of_cause(cause: &(dyn StdError + 'static)) -> Option<Exit> {
    if let Some(error) = cause.downcast_ref::<Error>() {
        return Some(of_client(error));
    }
    if let Some(error) = cause.downcast_ref::<MarketError>() {
        return Some(of_market(error));
    }
    if let Some(error) = cause.downcast_ref::<GatewayError>() {
        return Some(of_gateway(error));
    }
    if let Some(error) = cause.downcast_ref::<QueryError>() {
        return Some(of_market(&error.clone().into()));
    }
    if let Some(error) = cause.downcast_ref::<SendError>() {
        return Some(of_sending(error));
    }
    if cause.is::<KeyError>() {
        return Some(Exit::Input);
    }
    cause.downcast_ref::<RpcError>().map(|_| Exit::Unreachable)
}

fn of_client(error: &Error) -> Exit {
    match error {
        error if error.is_input() => Exit::Input,
        Error::Market(error) => of_market(error),
        Error::Gateway(error) => of_gateway(error),
        Error::Refused { .. } => Exit::Refused,
        Error::Sending { source, .. } => of_sending(source),
        Error::NoOffer { .. } | Error::TimedOut { .. } => Exit::TimedOut,
        Error::NotFound(_) => Exit::NotFound,
        Error::Unfinished(unfinished) => of_unfinished(unfinished),
        _ => Exit::Failure,
    }
}

/// The exit code of its cause, save for the one that says that nothing was sent.
fn of_unfinished(unfinished: &Unfinished) -> Exit {
    match of_client(&unfinished.source) {
        Exit::Input => Exit::Failure,
        other => other,
    }
}

fn of_gateway(error: &GatewayError) -> Exit {
    match error {
        GatewayError::Absent(_) | GatewayError::Refused { .. } => Exit::GatewayRefused,
        _ => Exit::Unreachable,
    }
}

fn of_market(error: &MarketError) -> Exit {
    match error {
        MarketError::Absent { .. } | MarketError::NoContract { .. } => Exit::NotFound,
        MarketError::Refused(_) | MarketError::OutOfGas { .. } => Exit::Refused,
        MarketError::Unreachable(_) => Exit::Unreachable,
        MarketError::Record { .. } | MarketError::Page { .. } | MarketError::Unusable(_) => {
            Exit::Failure
        }
    }
}

fn of_sending(error: &SendError) -> Exit {
    match error {
        SendError::Query(error) => of_market(&error.clone().into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_its_error_quotes_is_said_once() {
        let source = std::io::Error::other("no such thing");
        let error = Error::File { path: "app.yaml".into(), source };
        let first: &(dyn StdError + 'static) = &error;
        let causes = [first, first.source().unwrap()];
        assert_eq!(describe(causes.into_iter()), "app.yaml: no such thing");
    }

    #[test]
    fn each_thing_that_keeps_a_transaction_from_its_block_has_its_exit_code() {
        let unreachable = RpcError::Unavailable { method: "status", reports: Vec::new() };
        let (address, chain_id) = ("souk1".to_owned(), "here".to_owned());
        let hash = souk_chain::TxHash::of(b"sent");
        for (error, exit) in [
            (SendError::Query(unreachable.into()), Exit::Unreachable),
            (SendError::NoAccount { address, chain_id }, Exit::Refused),
            (SendError::NotIncluded { hash, timeout_height: 5 }, Exit::TimedOut),
            (SendError::Standstill { height: 5 }, Exit::TimedOut),
        ] {
            assert_eq!(of_cause(&error), Some(exit), "{error}");
        }
    }
}
