//! What goes wrong between a client and the market, with what to do next.

use std::path::PathBuf;

use souk_core::{DeploymentId, OrderId};
use thiserror::Error;

/// What a client finds wrong, or what the market refused.
#[derive(Debug, Error)]
pub enum Error {
    /// A network file that cannot be used.
    #[error("network file {}: {reason}", .path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The suite is not deployed on this network, as far as the file says.
    #[error(
        "network `{0}` names no contracts; run `souk admin deploy`, put the deployment's record beside the file, or the addresses under [contracts]"
    )]
    NoContracts(String),
    /// A key that is not at home.
    #[error(
        "there is no key `{name}`; {}make it with `souk keys add {name}`, or name one that is there",
        you_have(.known)
    )]
    UnknownKey {
        /// As it was named.
        name: String,
        /// The keys that are there.
        known: Vec<String>,
    },
    /// A key that is encrypted.
    #[error("key `{name}` is encrypted; set SOUK_PASSPHRASE to what opens it")]
    LockedKey {
        /// As it was named.
        name: String,
    },
    /// Input that is refused before anything is sent.
    #[error("{what}: {reason}")]
    Input {
        /// The argument or file.
        what: String,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An SDL file with errors, already rendered.
    #[error("{0}")]
    Sdl(String),
    /// The chain said no.
    #[error("{action} was refused: {reason}")]
    Refused {
        /// What was tried.
        action: String,
        /// The chain's or the contract's words.
        reason: String,
    },
    /// Nobody bid.
    #[error(
        "order {order} got no bid within {seconds} s; `souk bids {order}` shows who could and why others did not, `souk close {deployment}` ends it and returns the deposit"
    )]
    NoBid {
        /// The order.
        order: OrderId,
        /// Its deployment.
        deployment: DeploymentId,
        /// How long was waited.
        seconds: u64,
    },
    /// It did not happen in time.
    #[error("{what} did not happen within {seconds} s; {next}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// What to do.
        next: String,
    },
    /// Not there.
    #[error("{0}")]
    NotFound(String),
}

/// Something went wrong after a deployment was created: it is there and holds its deposit.
#[derive(Debug, Error)]
#[error(
    "deployment {deployment} was created, with order {}, and holds its deposit (`souk status \
     {deployment}` shows it, `souk accept ORDER BID` takes a bid, `souk close {deployment}` ends \
     it and returns the deposit); then this went wrong",
    list(.orders)
)]
pub struct Stranded {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its orders.
    pub orders: Vec<OrderId>,
    /// What went wrong.
    pub source: anyhow::Error,
}

fn list(orders: &[OrderId]) -> String {
    let orders: Vec<String> = orders.iter().map(ToString::to_string).collect();
    orders.join(", ")
}

impl Error {
    /// Input that is refused before anything is sent.
    pub fn input(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Input { what: what.into(), reason: reason.to_string() }
    }
}

fn you_have(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("you have {}; ", known.join(", ")) }
}

/// A contract's own words in a log of the chain.
pub fn own_words(log: &str) -> &str {
    let mut words = log;
    if let Some((_, rest)) = words.split_once(" desc = ").filter(|_| log.starts_with("rpc error")) {
        words = rest;
    }
    if let Some(rest) = words.strip_prefix("failed to execute message; message index: ") {
        words = rest.split_once(": ").map_or(rest, |(_, rest)| rest);
    }
    words = words.trim_start_matches("dispatch: submessages: ");
    for wrapper in [
        ": execute wasm contract failed",
        ": query wasm contract failed",
        ": insufficient funds",
        " with gas used",
    ] {
        words = words.split(wrapper).next().unwrap_or(words);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contracts_own_words_are_found_in_the_chains_log() {
        for (log, words) in [
            (
                "order 1 has no lease: query wasm contract failed: unknown request",
                "order 1 has no lease",
            ),
            (
                "rpc error: code = Unknown desc = failed to execute message; message index: 0: \
                 deployment 1 is closed",
                "deployment 1 is closed",
            ),
            (
                "failed to execute message; message index: 12: dispatch: submessages: no: execute \
                 wasm contract failed [CosmWasm/wasmd/x/wasm/keeper/keeper.go:435] with gas used: '9'",
                "no",
            ),
            (
                "spendable balance 0uatom is smaller than 5uatom: insufficient funds with gas used: '9'",
                "spendable balance 0uatom is smaller than 5uatom",
            ),
            ("out of gas", "out of gas"),
        ] {
            assert_eq!(own_words(log), words);
        }
    }
}
