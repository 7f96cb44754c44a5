//! The demonstration: a whole market on this machine, and one deployment on it from the file to
//! the last coin: bids, lease, workload, payments, fees; then the same file by quotes and in a binding auction, and what
//! each way cost.

mod account;
mod application;
mod auction;
mod cost;
mod deployment;
mod environment;
mod fixture;
mod lifecycle;
mod print;
mod quotes;
mod services;
mod supply;

use std::{path::Path, time::Duration};

use anyhow::Result;
use souk_core::Denom;

use application::Application;

use crate::say;

pub use environment::{Clusters, Environment, NODE_LABEL};
pub use fixture::Fixture;
pub use supply::Supply;

/// How long bids, workloads and their changes may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs the scenario with an SDL file, or with the example. Leaves everything running at the end
/// until Ctrl-C if `keep` says so; Ctrl-C also ends it before.
///
/// # Errors
/// Before anything starts, if the file cannot be read or has mistakes; then if something does not
/// start, is refused, or does not happen in time.
pub async fn run(environment: Environment, file: Option<&Path>, keep: bool) -> Result<()> {
    let application = Application::read(file)?;
    application.check(&environment.chain)?;
    let folder = tempfile::Builder::new().prefix("souk-demo-").tempdir()?;
    let fixture = tokio::select! {
        fixture = Fixture::start(environment, folder.path()) => fixture?,
        interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
    };
    let outcome = tokio::select! {
        outcome = play(&fixture, &application, keep) => outcome,
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
        say::note(fixture.log_tails().trim_end());
    }
    fixture.stop().await;
    outcome
}

async fn play(fixture: &Fixture, application: &Application, keep: bool) -> Result<()> {
    let before = Supply::count(fixture).await?;
    let map = &fixture.market.network.map;
    let file = || application.compile(map);
    let by_bids = lifecycle::run(fixture, file()?).await?;
    let by_quotes = quotes::run(fixture, file()?).await?;
    let by_auction = auction::run(fixture, file()?, keep).await?;
    cost::compare(&[
        ("by quotes", by_quotes),
        ("by open bids", by_bids),
        ("by a binding auction", by_auction),
    ]);
    print::section("The sum of all coins");
    let denom = Denom::native(fixture.market.network.denom.clone());
    Supply::count(fixture).await?.compare(&before, &denom)
}
