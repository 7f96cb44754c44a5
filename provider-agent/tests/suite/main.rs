//! The agent against an embedded chain with the real contracts and a simulated cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod absence;
mod bidding;
mod commands;
mod connections;
mod copies;
mod deliveries;
mod deploying;
mod doubts;
mod exposes;
mod faults;
mod flood;
mod following;
mod gateway;
mod gpus;
mod health;
mod ingress;
mod killing;
mod lies;
mod lock;
mod logs;
mod manifests;
mod outbox;
mod questions;
mod reasons;
mod reclaiming;
mod recovery_document;
mod restoring;
mod secrets;
mod slots;
mod soak;
mod support;
mod taking_back;
mod upkeep;
mod volumes;
mod workers;
