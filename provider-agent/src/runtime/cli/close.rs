//! `close`: the operator ends a lease. The message is put into the outbox; the running agent sends it.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;
use souk_core::{CloseReason, OrderId};

use super::{
    enqueue::{enqueue, messages, own_running_lease},
    output,
};
use crate::{config::Config, runtime::app};

/// The arguments of `close`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The lease.
    order: OrderId,
    /// Why: unstable, decommission or unspecified.
    #[arg(long, default_value = "unspecified")]
    reason: CloseReason,
}

#[derive(Serialize)]
struct Answer {
    order: OrderId,
    outbox_key: String,
}

/// Puts the message into the outbox.
pub async fn run(path: &Path, arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let Arguments { order, reason } = *arguments;
    if !reason.is_providers() {
        bail!(
            "`{reason}` is not a reason of the provider; choose unstable, decommission or unspecified"
        );
    }
    let config = Config::load(path)?;
    let store = app::open_store(&config).await?;
    own_running_lease(&store, order).await?;
    let msg = messages(&config)?.close_lease(order, reason)?;
    let key = format!("close_lease/{order}/operator");
    let outbox_key = enqueue(&store, &key, false, msg).await?;
    let answer = Answer { order, outbox_key };
    output::answer(&answer, json, |answer| format!("queued: close lease {}", answer.order))?;
    Ok(ExitCode::SUCCESS)
}
