//! What stakers, the pool and strangers can rely on, through the contract's messages. One
//! file a subject.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod administering;
#[path = "../common/mod.rs"]
mod common;
mod documents;
mod exact;
mod income;
mod stakers;
mod tokens;
