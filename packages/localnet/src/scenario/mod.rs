//! The demonstration: a whole market on this machine, and one deployment on it from the file to
//! the last coin: bids, lease, workload, payments, fees, and the same file in a binding auction.

mod account;
mod auction;
mod deployment;
mod environment;
mod fixture;
mod lifecycle;
mod print;
mod services;
mod supply;

use std::{path::Path, time::Duration};

use anyhow::Result;
use souk_client::sdl;
use souk_core::Denom;

pub use environment::{Clusters, Environment, NODE_LABEL};
pub use fixture::Fixture;
pub use supply::Supply;

/// What runs unless another file is given.
const EXAMPLE: &str = include_str!("../../../../examples/chat.yaml");

/// How long bids, workloads and their changes may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs the scenario with an SDL file, or with the example. Leaves everything running at the end
/// until Ctrl-C if `keep` says so; Ctrl-C also ends it before.
pub async fn run(environment: Environment, file: Option<&Path>, keep: bool) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("souk-demo-").tempdir()?;
    let fixture = tokio::select! {
        fixture = Fixture::start(environment, folder.path()) => fixture?,
        interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
    };
    let outcome = tokio::select! {
        outcome = play(&fixture, file, keep) => outcome,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            print::line("interrupted; everything is being stopped");
            Ok(())
        }
    };
    if outcome.is_ok() && keep {
        fixture.print_commands();
        tokio::signal::ctrl_c().await?;
    }
    if outcome.is_err() {
        eprint!("{}", fixture.log_tails());
    }
    fixture.stop().await;
    outcome
}

async fn play(fixture: &Fixture, file: Option<&Path>, keep: bool) -> Result<()> {
    let before = Supply::count(fixture).await?;
    let map = &fixture.market.network.map;
    let read = || match file {
        Some(file) => sdl::read(file, map, false),
        None => sdl::compile("examples/chat.yaml", EXAMPLE.as_bytes(), map, false),
    };
    let (first, second) = (read()?, read()?);
    lifecycle::run(fixture, first).await?;
    auction::run(fixture, second, keep).await?;
    print::section("The sum of all coins");
    let denom = Denom::native(fixture.market.network.denom.clone());
    Supply::count(fixture).await?.compare(&before, &denom)
}
