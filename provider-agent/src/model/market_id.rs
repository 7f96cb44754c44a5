//! Which market it is: chains and orderbooks number their orders alike.

use std::fmt;

/// An orderbook on a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketId {
    /// The chain.
    pub chain_id: String,
    /// The orderbook's address.
    pub orderbook: String,
}

impl fmt::Display for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "orderbook {} on chain {}", self.orderbook, self.chain_id)
    }
}
