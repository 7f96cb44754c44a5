//! What can go wrong where a lease comes of a quote.

use cosmwasm_std::Addr;
use thiserror::Error;

/// Why a quote makes no lease.
#[derive(Debug, Error, PartialEq)]
pub enum QuoteError {
    /// One that was made for a block to come.
    #[error("the quote was issued at {issued_at}, it is {now}; use it in a later block")]
    FromTheFuture {
        /// When it says that it was made.
        issued_at: u64,
        /// The time now.
        now: u64,
    },
    /// One that nobody used in time.
    #[error("the quote could be used until {valid_until}, it is {now}; ask for a new one")]
    Over {
        /// Its last second.
        valid_until: u64,
        /// The time now.
        now: u64,
    },
    /// One that would bind its provider for longer than it may.
    #[error("the quote holds for {validity} s, the limit is {max}")]
    TooLong {
        /// For how long it holds, in seconds.
        validity: u64,
        /// The most.
        max: u64,
    },
    /// The market takes more than when its provider agreed.
    #[error("the order's take rate is {take_bps} bps, its provider agreed with {max} at most")]
    TakeRate {
        /// The order's, in hundredths of a per cent.
        take_bps: u16,
        /// The quote's.
        max: u16,
    },
    /// A quote that made a lease before, or another one on the same reservation.
    #[error("quote {nonce} of {provider} was used; ask for a new one")]
    Used {
        /// The provider.
        provider: Addr,
        /// The quote's nonce.
        nonce: u64,
    },
    /// A provider that signs nothing.
    #[error("provider {0} has no quote_key, so it quotes no prices")]
    NoKey(Addr),
    /// A signature of another key, or for something else.
    #[error(
        "the quote is not signed by {provider}'s quote_key for this market, tenant, group, terms and price"
    )]
    NotSigned {
        /// The provider.
        provider: Addr,
    },
    /// More or fewer prices than groups.
    #[error("{quotes} quotes for {groups} groups; one for each, in the order of the groups")]
    Count {
        /// How many quotes there are.
        quotes: usize,
        /// How many groups.
        groups: usize,
    },
    /// A deployment whose winners an auction finds.
    #[error(
        "a deployment by quotes is one whose tenant chooses; its auction must be `tenant_choice`"
    )]
    AuctionAsked,
}
