//! `run`: runs the agent until a stop signal.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, Log, LogFormat},
    runtime::app::Agent,
};

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(path: &Path) -> Result<ExitCode> {
    let config = Config::load(path)?;
    log_to_stderr(&config.log)?;
    let stop = CancellationToken::new();
    let agent = Agent::new(config).await?;
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let on_signal = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stop signal received");
        on_signal.cancel();
    });
    agent.run(stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn log_to_stderr(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| anyhow::anyhow!("log.filter `{}`: {error}", log.filter))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Where standard error is closed a complaint about it would end the agent.
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}
