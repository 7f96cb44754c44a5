//! What goes wrong on the command line, with what to do next.

use std::path::PathBuf;

use souk_core::{DeploymentId, OrderId};
use thiserror::Error;

use crate::exit::Exit;

/// Errors that the commands themselves find.
#[derive(Debug, Error)]
pub enum CliError {
    /// No network chosen.
    #[error(
        "no network is chosen; give --network NAME or FILE, or set SOUK_NETWORK (`souk demo --keep` and `souk devnet` print theirs)"
    )]
    NoNetwork,
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
        "network `{0}` names no contracts; run `souk operator deploy`, put the deployment's record beside the file, or the addresses under [contracts]"
    )]
    NoContracts(String),
    /// No key chosen.
    #[error(
        "no key is chosen; give --key NAME or set SOUK_KEY, and make one with `souk keys add NAME`"
    )]
    NoKey,
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

impl CliError {
    /// Input that is refused before anything is sent.
    pub fn input(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Input { what: what.into(), reason: reason.to_string() }
    }

    /// The exit code it stands for.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoNetwork
            | Self::Network { .. }
            | Self::NoContracts(_)
            | Self::NoKey
            | Self::Input { .. }
            | Self::File { .. }
            | Self::Sdl(_) => Exit::Input,
            Self::Refused { .. } => Exit::Refused,
            Self::NoBid { .. } | Self::TimedOut { .. } => Exit::TimedOut,
            Self::NotFound(_) => Exit::NotFound,
        }
    }
}
