//! Whatever visitors, nodes of the chain and the cluster's API send: the agent does not panic, takes no more
//! memory than a multiple of what was sent, and no more time than a bound.
//!
//! Each target makes inputs from good ones by edits, and from bytes. Within `cargo test` it runs a bounded
//! number of them; bolero's variables make it longer, as `scripts/test fuzz` does:
//! `BOLERO_RANDOM_ITERATIONS=1000000000 BOLERO_RANDOM_TEST_TIME_MS=300000 cargo test --test fuzz -- NAME`
//! gives one target five minutes. Targets run one after the other, since memory is counted for the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod api_server;
mod connections;
mod edits;
mod events;
mod lease;
mod manifests;
mod measure;
mod node;
mod objects;
mod requests;
mod watches;
