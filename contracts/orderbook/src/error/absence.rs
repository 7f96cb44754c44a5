//! What can go wrong where a provider is absent, or says that it is not.

use cosmwasm_std::Addr;
use souk_core::OrderId;
use thiserror::Error;

/// What a limit, a close or a heartbeat breaks.
#[derive(Debug, Error, PartialEq)]
pub enum AbsenceError {
    /// A limit that is too short or too long.
    #[error("a limit of {seconds} s for absent providers is outside {min} to {max} s")]
    LimitRange {
        /// What was asked for.
        seconds: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The lease is older than the rule.
    #[error("lease {0} has no limit for absence among its terms; its tenant can close it")]
    NoLimit(OrderId),
    /// While the market is paused nobody is absent.
    #[error("the market is paused, and nobody counts as absent; try again when it is not")]
    Paused,
    /// It was seen, or the sender has to wait longer than the tenant.
    #[error(
        "the provider of lease {order} counts as absent for this sender from {from} and block {from_block} on, unless it is seen before; it is {now} at block {height}"
    )]
    NotAbsent {
        /// The lease.
        order: OrderId,
        /// Not before this second.
        from: u64,
        /// Nor before this block.
        from_block: u64,
        /// The time now.
        now: u64,
        /// The block now.
        height: u64,
    },
    /// A word about a moment that has not come.
    #[error("the statement says that the provider was there at {issued_at}, it is {now}")]
    FromTheFuture {
        /// When it says.
        issued_at: u64,
        /// The time now.
        now: u64,
    },
    /// A word that lay around for long.
    #[error(
        "the statement of {issued_at} is older than {lifetime} s, it is {now}; ask the provider's gateway for a newer one"
    )]
    Stale {
        /// When it says.
        issued_at: u64,
        /// For how long one can be passed on, in seconds.
        lifetime: u64,
        /// The time now.
        now: u64,
    },
    /// A word that was passed on before, or about a moment that is over.
    #[error(
        "the statement says that {provider} was there at {issued_at}, it was seen at {seen_at} already; ask its gateway for a newer one"
    )]
    NotNew {
        /// The provider.
        provider: Addr,
        /// When it says.
        issued_at: u64,
        /// When it was seen.
        seen_at: u64,
    },
    /// A provider that signs nothing.
    #[error(
        "provider {0} has no quote_key, so nobody can pass its word on; its operator sets one in the registry"
    )]
    NoQuoteKey(Addr),
    /// A signature of another key, market, provider or second.
    #[error("the statement of {issued_at} is not signed by {provider}'s quote_key for this market")]
    NotItsWord {
        /// The provider.
        provider: Addr,
        /// When it says.
        issued_at: u64,
    },
    /// A heartbeat of a provider that has nothing to be there for.
    #[error("provider {0} has no lease that runs; a heartbeat says nothing")]
    NoLeases(Addr),
}
