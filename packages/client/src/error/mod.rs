//! What goes wrong between a client and the market, with what to do next.
//!
//! Every other module of the crate imports from here; this one imports from none.

mod absence;
mod gateway;
mod grant;
mod market;
mod not_there;

use std::path::PathBuf;

use souk_chain::{keys::KeyError, rpc::RpcError, signer::SendError, tx::MsgError};
use souk_core::{DeploymentId, OrderId};
use thiserror::Error as ThisError;

pub use absence::AbsenceRefusal;
pub use gateway::GatewayError;
pub use grant::GrantError;
pub use market::{MarketError, if_present};

/// What a client finds wrong, or what chain and gateways refused.
#[derive(Debug, ThisError)]
pub enum Error {
    /// A network file that cannot be used.
    #[error("network file {}: {reason}", .path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No contracts are deployed on this network, as far as the file says.
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
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
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
    /// A message that cannot be written.
    #[error(transparent)]
    Message(#[from] MsgError),
    /// A contract did not answer.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A keeper cannot be allowed that.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// A gateway did not answer.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The chain refused a transaction.
    #[error("{action} was refused: {reason}")]
    Refused {
        /// What was tried.
        action: String,
        /// The chain's or the contract's words.
        reason: String,
    },
    /// A transaction was not executed, or nobody knows.
    #[error("{action}")]
    Sending {
        /// What was tried.
        action: String,
        /// Why.
        source: Box<SendError>,
    },
    /// Nobody made an offer.
    #[error(
        "order {order} got no bid within {seconds} s; `souk bids {order}` shows who could and why others did not, `souk close {deployment}` ends it and returns the deposit"
    )]
    NoOffer {
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
    /// A deployment was created, and then something went wrong.
    #[error(transparent)]
    Unfinished(#[from] Box<Unfinished>),
}

/// Something went wrong after a deployment was created: it is there and holds its deposit.
#[derive(Debug, ThisError)]
#[error(
    "deployment {deployment} was created, with order {}, and holds its deposit (`souk status \
     {deployment}` shows it, `souk accept ORDER BID` takes a bid, `souk lease send ORDER` sends a lease's \
     manifest, `souk close {deployment}` ends it and returns the deposit); then this went wrong",
    list(.orders)
)]
pub struct Unfinished {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its orders.
    pub orders: Vec<OrderId>,
    /// What went wrong.
    pub source: Error,
}

impl Error {
    /// Input that is refused before anything is sent.
    pub fn input(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Input { what: what.into(), reason: reason.to_string() }
    }

    /// Which refusal it is where a provider is absent or said to be; none for every other error.
    pub fn absence(&self) -> Option<AbsenceRefusal> {
        match self {
            Self::Refused { reason, .. } => AbsenceRefusal::of(reason),
            _ => None,
        }
    }

    /// The same refusal, with what to do about it at its end.
    #[must_use]
    pub fn with_advice(self, advice: &str) -> Self {
        match self {
            Self::Refused { action, reason } => {
                Self::Refused { action, reason: format!("{reason}; {advice}") }
            }
            other => other,
        }
    }

    /// Whether it is about what the client was given: files, names, values. Nothing was sent.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Network { .. }
                | Self::NoContracts(_)
                | Self::UnknownKey { .. }
                | Self::LockedKey { .. }
                | Self::Key(_)
                | Self::Input { .. }
                | Self::File { .. }
                | Self::Sdl(_)
                | Self::Grant(_)
        )
    }
}

impl From<RpcError> for Error {
    fn from(error: RpcError) -> Self {
        Self::Market(error.into())
    }
}

fn list(orders: &[OrderId]) -> String {
    let orders: Vec<String> = orders.iter().map(ToString::to_string).collect();
    orders.join(", ")
}

fn you_have(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("you have {}; ", known.join(", ")) }
}
