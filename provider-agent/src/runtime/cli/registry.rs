//! `announce` and `maintenance`: changes to the provider's record on the chain. The gateway is the
//! provider's own key's to change, which the agent does not have: `announce` says what to send with it.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;
use souk_gateway::Pin;

use super::{
    enqueue::{enqueue, messages},
    output,
};
use crate::{config::Config, runtime::app};

/// On or off.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Switch {
    /// No new bids.
    On,
    /// Bids again.
    Off,
}

#[derive(Serialize)]
struct Announced {
    uri: String,
    pin: String,
    command: String,
}

/// Says how the gateway that the configuration names is published.
pub fn announce(path: &Path, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let pin = Pin::of_pem_file(&config.gateway.certificate).context("gateway certificate")?;
    let (uri, pin) = (config.gateway.uri, pin.to_string());
    let command = format!("souk provider set-gateway {uri} --pin {pin}");
    let answer = Announced { uri, pin, command };
    output::answer(&answer, json, |answer| {
        format!(
            "Send this with the provider's own key:\n\n    {}\n\nIt holds after a delay. If the certificate is another one than before, add `--pin` with the old pin too (`souk provider show` has it), install the new certificate when both hold, and send it again without the old pin then.",
            answer.command
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Maintained {
    maintenance: bool,
    outbox_key: String,
}

/// Stops new bids or allows them again.
pub async fn maintenance(path: &Path, switch: Switch, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let on = matches!(switch, Switch::On);
    let msg = messages(&config)?.set_maintenance(on)?;
    let store = app::open_store(&config).await?;
    let outbox_key = enqueue(&store, "set_maintenance", true, msg).await?;
    let answer = Maintained { maintenance: on, outbox_key };
    output::answer(&answer, json, |answer| {
        let word = if answer.maintenance { "on" } else { "off" };
        format!("queued: maintenance {word}")
    })?;
    Ok(ExitCode::SUCCESS)
}
