//! `souk-provider check`: whether the agent has everything that it needs. Each line says what was
//! checked and, if something is wrong, what to do.

mod chain;
mod cluster;
mod contracts;
mod files;
mod gateway;
mod gpus;
mod ingress;
mod isolation;
mod named;
mod permissions;
mod policy;
mod probe;
mod provider;
mod report;
mod volumes;
mod watches;
mod writes;

use std::path::Path;

use souk_core::absence::heartbeat_every;

use crate::config::{Config, Seconds};

pub(super) use ingress::controller_of;
pub use permissions::{Access, Permission, User};
pub use report::{Level, Line, Report};

/// Checks everything that the configuration at `path` names.
pub async fn check(path: &Path) -> Report {
    let mut report = Report::default();
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            report.fail("configuration", error.to_string(), "correct it and check again");
            return report;
        }
    };
    report.ok("configuration", format!("{} is valid", path.display()));
    report.ok("absence", absence(&config));
    let operator = files::operator_key(&config, &mut report);
    files::store(&config, &mut report);
    let pin = files::gateway_tls(&config, &mut report);
    gateway::open_files(&config, &mut report);
    if let Some(market) = chain::endpoints(&config, &mut report).await {
        contracts::check(&config, &market, &mut report).await;
        provider::check(&config, &market, operator.as_deref(), pin, &mut report).await;
        gateway::reach(&config, &market, &mut report).await;
    }
    cluster::check(&config, &mut report).await;
    report
}
/// Which limits for absence are taken, and what they ask of the agent.
fn absence(config: &Config) -> String {
    let least = config.bidding.shortest_absence_limit;
    let every = Seconds(heartbeat_every(least.0));
    format!(
        "orders with a limit of {least} or more are bid on; heartbeats at least each {every} while their leases run"
    )
}
