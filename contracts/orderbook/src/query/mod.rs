//! Answers for people, frontends and agents, one file for each kind of question.

mod bids;
mod config;
mod deployments;
mod leases;
mod orders;
mod providers;

pub use bids::{bid, bids};
pub use config::config;
pub use deployments::{deployment, deployments};
pub use leases::{lease, leases};
pub use orders::{order, orders};
pub use providers::{eligible, provider_stats};

use cosmwasm_std::Addr;

fn texts(addresses: Vec<Addr>) -> Vec<String> {
    addresses.into_iter().map(String::from).collect()
}
