//! What the market costs on wasmd: accounts that act on a node, side by side or in turn, and the gas of it.

mod accounts;
mod parties;
mod quoting;
mod sending;

pub use accounts::{Account, Accounts};
pub use parties::{DEPOSIT, Deployment, PRICE, Parties, created};
pub use sending::{Batch, Done, Fixture, coins};
