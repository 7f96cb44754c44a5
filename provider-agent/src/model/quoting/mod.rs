//! Prices that are signed off chain: what they reserve, for whom, and how much of what is free they may hold.
//!
//! A signed quote stands for capacity under a nonce ([`QuoteReservation`]) until its last second by block time, or
//! until a lease has it. [`OpenQuotes`] has all of them; [`Share`] says when they hold enough, so that further
//! quotes share a nonce, of which the chain takes the first; [`heads`] whether the time of the store can be
//! believed.

pub mod heads;
mod open;
mod share;

pub use open::{Asker, OpenQuote, OpenQuotes, QuoteReservation, TooMany, UNUSED};
pub use share::Share;
