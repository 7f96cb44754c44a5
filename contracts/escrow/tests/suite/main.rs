//! What tenants, payees, depositors and controllers can rely on, through the contract's
//! messages. One file a subject.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

#[path = "../common/mod.rs"]
mod common;
mod controllers;
mod deposits;
mod documents;
mod payees;
mod tenants;
mod together;
mod tokens;
mod unearned;
