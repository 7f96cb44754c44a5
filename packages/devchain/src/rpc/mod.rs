//! The CometBFT RPC: JSON-RPC over HTTP and websocket.
//!
//! Beside CometBFT's methods there are three of our own: `souk_advance {seconds}` makes the next block's time jump,
//! `souk_produce_blocks {n}` makes blocks now, `souk_set_time_scale {factor}` sets chain seconds for a real second.

mod endpoint;
mod envelope;
mod index;
mod methods;
mod params;
mod render;
mod routes;
mod search;
mod server;
mod ws;

pub use endpoint::Endpoint;
pub use server::router;
