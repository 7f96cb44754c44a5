//! How a provider's price comes to count: bids on the chain, and quotes that were signed off it.

pub mod bid;
pub mod quote;
