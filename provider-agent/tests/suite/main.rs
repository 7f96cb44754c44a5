//! The agent against an embedded chain with the real contracts and a simulated cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bidding;
mod commands;
mod connections;
mod deploying;
mod faults;
mod flood;
mod following;
mod gateway;
mod gpus;
mod health;
mod ingress;
mod killing;
mod lies;
mod logs;
mod manifests;
mod reasons;
mod secrets;
mod soak;
mod support;
mod upkeep;
mod volumes;
mod workers;
