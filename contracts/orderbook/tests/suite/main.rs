//! What tenants, providers and strangers can rely on, through the contract's messages and
//! with the real escrow, registry and attestations. One file a subject.

mod creating;
mod market;
mod schema;
