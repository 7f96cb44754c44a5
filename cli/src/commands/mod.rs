//! One file a command: its arguments and what it does.

pub mod absence;
pub mod accept;
pub mod admin;
pub mod audit;
pub mod balance;
pub mod bidders;
pub mod bids;
pub mod close;
pub mod delegate;
pub mod deploy;
pub mod deposit;
pub mod earnings;
pub mod fees;
pub mod group;
pub mod keep;
pub mod keys;
pub mod lease;
pub mod lease_status;
pub mod list;
pub mod localnet;
pub mod prices;
pub mod provider;
pub mod quote;
pub mod sdl;
pub mod status;
pub mod withdraw;
