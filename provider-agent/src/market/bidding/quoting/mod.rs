//! Prices for groups that are on no chain, for whoever asks the gateway.
//!
//! The bidding loop owns what is free and what is reserved, so that it answers (`answer`), by the judgement that bids
//! go by; a [`QuoteDesk`] is where it is asked, with a bound on how many wait and for how long. What is to be signed
//! is reserved on disk before the signature exists (`sign`).

mod answer;
mod counts;
mod desk;
mod heads;
mod sign;

use souk_api::orderbook::Absence;
use souk_core::{Denom, GroupSpec};

use crate::model::quoting::{Asker, TooMany, heads::Doubt, heads::Heads};

pub use counts::{QuoteCounts, Totals};
pub use desk::{QuoteDesk, QuoteQuestions};
pub use heads::HeadTimes;

pub(super) use desk::Question;

/// What somebody would like to have.
#[derive(Debug, Clone)]
pub struct QuotesAsked {
    /// Who would use the quotes.
    pub tenant: String,
    /// What would be paid in.
    pub denom: Denom,
    /// The groups, within the market's limits.
    pub groups: Vec<GroupSpec>,
    /// What would hold when the provider is not seen any more.
    pub absence: Absence,
    /// The least notice before a lease is taken back, in seconds.
    pub reclamation: Option<u64>,
    /// If the answers are to be signed.
    pub sign: Option<Signing>,
}

/// Who asks for signatures, and what the chain's endpoints say of the time.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Who asks.
    pub asker: Asker,
    /// The endpoints' times, of a moment ago.
    pub heads: Heads,
}

/// Why there is no answer to any group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotQuoted {
    /// It is switched off.
    #[error("this provider gives no quotes; open an order on the chain, on which it bids")]
    Off,
    /// As many questions wait as may.
    #[error("too many ask this provider for quotes at the moment; try again in a few seconds")]
    Busy,
    /// It took too long.
    #[error("this provider had no quotes within {0} seconds; try again")]
    Late(u64),
    /// The store has not caught up with the chain.
    #[error("this provider has not caught up with the chain and gives no quotes; try again later")]
    Behind,
    /// The chain or the store.
    #[error("this provider cannot ask the chain at the moment; try again")]
    Chain,
    /// The time of the store is in doubt.
    #[error("this provider signs nothing at the moment: {0}; try again later")]
    Doubt(#[from] Doubt),
    /// The registry does not have the agent's key.
    #[error(
        "this provider signs no quotes: its key is not in the registry; open an order on the chain"
    )]
    NoKey,
    /// Another agent acts.
    #[error("this provider signs nothing at the moment: another agent acts for it")]
    Superseded,
    /// Quotes of a lost store may be out.
    #[error(
        "this provider signs nothing before {0}, block time: its agent began with an empty store; try again then"
    )]
    EmptyStore(u64),
    /// Enough hold.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}
