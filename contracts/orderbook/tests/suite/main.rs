//! What tenants, providers and strangers can rely on, through the contract's messages and
//! with the real escrow, registry and attestations. One file a subject.

mod accepting;
mod auctions;
mod bidding;
mod creating;
mod cw20_tokens;
mod ending_deployments;
mod ending_leases;
mod governing;
mod market;
mod model;
mod published;
mod schema;
mod slots;
