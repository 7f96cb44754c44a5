//! Providers' gateways: who they are is read from the chain, and what they answer.

mod client;
mod connect;
mod lines;
mod reasons;
mod word;

pub use crate::error::GatewayError;

pub use client::Client;
pub use connect::{client, client_for, send_manifest};
pub use lines::Lines;
pub use reasons::{NoBid, reasons};
pub use word::{NoWord, judge, word};
