//! What providers, slashers and the orderbook can rely on, through the contract's messages. One
//! file a subject.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod administering;
mod bonds;
mod changing;
#[path = "../common/mod.rs"]
mod common;
mod documents;
mod permissions;
mod published;
mod registering;
mod slashing;
