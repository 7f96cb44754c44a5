//! Providers' gateways: who they are is read from the chain, and what they answer.

mod client;
mod connect;
mod lines;
mod reasons;
mod word;

pub use crate::error::GatewayError;

pub use client::Client;
pub(crate) use connect::now;
pub use connect::{client, client_for, region, send_manifest};
pub use lines::Lines;
pub use reasons::{NoBid, reasons};
pub use word::{NoWord, judge, word};
