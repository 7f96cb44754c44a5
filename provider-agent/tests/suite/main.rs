//! The agent against an embedded chain with the real contracts and a simulated cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bidding;
mod chores;
mod commands;
mod deploying;
mod doorstep;
mod faults;
mod following;
mod gateway;
mod killing;
mod manifests;
mod support;
