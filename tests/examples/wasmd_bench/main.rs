//! What the market costs on wasmd, in one run: the gas of each action beside Akash's,
//! the first bid on an order beside the three hundredth, and whole lifecycles a second beside
//! bank sends a second, the median of five rounds in turn.
//!
//!     scripts/bench-chain
//!
//! Rates depend on the machine; compare the ratios.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod gas;
mod quoted;
mod rates;

use souk_tests::bench::{Accounts, Fixture};

/// How many accounts act.
const ACCOUNTS: usize = 1_010;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let fixture = Fixture::start().await?;
    let accounts = Accounts::create(&fixture, ACCOUNTS).await?;
    gas::print(&fixture, &accounts).await?;
    quoted::print(&fixture, &accounts).await?;
    rates::print(&fixture, &accounts).await?;
    fixture.stop().await;
    Ok(())
}
