//! `init` and `check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Args;
use souk_chain::keys::Passphrase;
use souk_client::Network;

use super::output;
use crate::runtime::{
    check::{self, Level},
    setup::{self, Made, Request},
};

/// The variable with the passphrase of an encrypted key.
const PASSPHRASE: &str = "SOUK_PASSPHRASE";

/// The arguments of `init`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the files go.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The network file, with the contracts' addresses.
    #[arg(long)]
    network: PathBuf,
    /// Where tenants will reach the gateway: https://host[:port].
    #[arg(long)]
    uri: String,
    /// Where the gateway listens.
    #[arg(long, default_value = "0.0.0.0:8443")]
    listen: String,
    /// The provider's address, whose bond and earnings these are.
    #[arg(long)]
    provider: Option<String>,
    /// The domain that points to the cluster's ingress.
    #[arg(long)]
    domain: Option<String>,
    /// The kubeconfig.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// The context in it.
    #[arg(long)]
    context: Option<String>,
    /// Encrypt the key with the passphrase in the variable SOUK_PASSPHRASE.
    #[arg(long)]
    encrypt: bool,
}

/// Creates key, certificate and configuration.
pub async fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let passphrase = match arguments.encrypt {
        true => Some(Passphrase::from_environment(PASSPHRASE).context("--encrypt")?),
        false => None,
    };
    let network = Network::open(&arguments.network)?;
    let contracts = network.contracts()?.into();
    let request = Request {
        folder: arguments.dir.clone(),
        network,
        contracts,
        provider: arguments.provider.clone(),
        uri: arguments.uri.clone(),
        listen: arguments.listen.clone(),
        domain: arguments.domain.clone(),
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        passphrase,
    };
    let made = setup::init(&request).await?;
    output::answer(&made, json, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(made: &Made) -> String {
    let mut lines = vec![
        format!("configuration: {}", made.config.display()),
        format!("operator:      {}", made.operator),
        format!("provider:      {}", made.provider),
        format!("gateway's pin: {}", made.pin),
        format!("attributes seen in the cluster: {}", made.attributes.len()),
    ];
    lines.extend(made.attributes.iter().map(|attribute| format!("  {attribute}")));
    lines.extend(made.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.push("next:".to_owned());
    let steps = made.next.iter().zip(1..).map(|(step, number)| format!("  {number}. {step}"));
    lines.extend(steps);
    lines.join("\n")
}

/// Checks the configuration; exit code 1 if a check fails.
pub async fn check(path: &Path, json: bool) -> Result<ExitCode> {
    let report = check::check(path).await;
    output::answer(&report, json, check::Report::text)?;
    Ok(match report.worst() {
        Level::Fail => ExitCode::from(1),
        Level::Ok | Level::Warn => ExitCode::SUCCESS,
    })
}
