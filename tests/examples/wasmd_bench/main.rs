//! What the market costs on wasmd, in one run: the gas of each action beside the incumbent's,
//! the first bid on an order beside the three hundredth, and whole lifecycles a second beside
//! bank sends a second.
//!
//!     scripts/bench-chain
//!
//! Rates depend on the machine; compare the ratios.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod crowd;
mod gas;
mod rates;
mod world;

use crowd::Crowd;
use world::World;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let world = World::start().await?;
    let crowd = Crowd::gather(&world).await?;
    gas::print(&world, &crowd).await?;
    rates::print(&world, &crowd).await?;
    world.stop().await;
    Ok(())
}
