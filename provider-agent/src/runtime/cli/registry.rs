//! `maintenance`: a change to the provider's record on the chain that the operator's key makes.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

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
