//! `announce` and `maintenance`: the operator key's changes to its provider's record on the chain.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use clap::ValueEnum;
use cosmwasm_std::HexBinary;
use serde::Serialize;
use souk_api::registry::Gateway;
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
    outbox_key: String,
}

/// Publishes the gateway that the configuration names.
pub async fn announce(path: &Path, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let pin = Pin::of_pem_file(&config.gateway.certificate).context("gateway certificate")?;
    let gateway = Gateway { uri: config.gateway.uri.clone(), pins: vec![HexBinary::from(pin.0)] };
    let msg = messages(&config)?.set_gateway(gateway)?;
    let store = app::open_store(&config).await?;
    let outbox_key = enqueue(&store, "set_gateway", true, msg).await?;
    let uri = config.gateway.uri;
    let answer = Announced { uri, pin: pin.to_string(), outbox_key };
    output::answer(&answer, json, |answer| {
        format!("queued: gateway {} with pin {}", answer.uri, answer.pin)
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
