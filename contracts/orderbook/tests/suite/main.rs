//! What tenants, providers and strangers can rely on, through the contract's messages and
//! with the real escrow, registry and attestations. One file a subject.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod absence;
mod accepting;
mod akash;
mod attested_bids;
mod auctions;
mod bidding;
mod cost;
mod creating;
mod cw20_tokens;
mod delegates;
mod denom_terms;
mod documents;
mod ending_deployments;
mod ending_leases;
mod excluding;
mod governing;
mod groups;
mod lists;
mod manifests;
#[path = "../common/market/mod.rs"]
mod market;
#[path = "../common/meter.rs"]
mod meter;
mod notices;
mod published;
mod quotes;
mod reclaiming;
mod reserving;
mod several_bids;
mod slots;
