//! Providers' gateways: who they are is read from the chain, and what they answer.

mod client;
mod connect;
mod error;
mod lines;
mod reasons;

pub use client::Client;
pub use connect::{client, client_for, send_manifest};
pub use error::GatewayError;
pub use lines::Lines;
pub use reasons::{NoBid, reasons};
