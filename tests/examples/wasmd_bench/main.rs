//! What the market costs on wasmd, in one run: the gas of each action beside Akash's,
//! the first bid on an order beside the three hundredth, and whole lifecycles a second beside
//! bank sends a second.
//!
//!     scripts/bench-chain
//!
//! Rates depend on the machine; compare the ratios.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod accounts;
mod fixture;
mod gas;
mod rates;

use accounts::Accounts;
use fixture::Fixture;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let accounts = Accounts::create(&fixture).await?;
    gas::print(&fixture, &accounts).await?;
    rates::print(&fixture, &accounts).await?;
    fixture.stop().await;
    Ok(())
}
