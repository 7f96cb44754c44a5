//! What tenants, providers and strangers can rely on, through the contract's messages and
//! with the real escrow, registry and attestations. One file a subject.

mod accepting;
mod auctions;
mod bidding;
mod creating;
mod ending_deployments;
mod ending_leases;
mod market;
mod schema;
mod slots;
