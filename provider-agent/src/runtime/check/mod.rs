//! The preflight: is everything there that the agent needs? Each line says what was looked at
//! and, if it is not well, what to do.

mod chain;
mod cluster;
mod contracts;
mod files;
mod provider;
mod report;
mod rights;

use std::path::Path;

pub use report::{Level, Line, Report};
pub use rights::{Access, Right};

use crate::config::Config;

/// Looks at everything that the configuration at `path` names.
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
    let operator = files::operator_key(&config, &mut report);
    files::store(&config, &mut report);
    let pin = files::gateway_tls(&config, &mut report);
    if let Some(market) = chain::endpoints(&config, &mut report).await {
        contracts::check(&config, &market, &mut report).await;
        provider::check(&config, &market, operator.as_deref(), pin, &mut report).await;
    }
    cluster::check(&config, &mut report).await;
    report
}
