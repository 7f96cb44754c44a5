//! `reclaim`: the operator announces that a lease is taken back. The message is put into the outbox; the
//! running agent sends it, serves the lease until the notice is over, and ends it then.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use souk_api::orderbook::LeaseState;
use souk_core::{CloseReason, OrderId};

use super::{
    enqueue::{enqueue, messages},
    output,
};
use crate::{config::Config, runtime::app};

/// The arguments of `reclaim`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The lease.
    order: OrderId,
    /// Why: unstable, decommission or unspecified.
    #[arg(long, default_value = "decommission")]
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
    if !reason.is_providers() || reason == CloseReason::ManifestTimeout {
        bail!(
            "a lease is not reclaimed for `{reason}`; choose unstable, decommission or unspecified"
        );
    }
    let config = Config::load(path)?;
    let store = app::open_store(&config).await?;
    let lease = store
        .lease(order)
        .await?
        .with_context(|| format!("lease {order} is not known; see `souk-provider leases`"))?;
    if lease.state != LeaseState::Active {
        bail!("lease {order} has ended already ({})", lease.state);
    }
    if let Some(reclaim) = lease.reclaim {
        bail!("lease {order} is being reclaimed already, until {} at least", reclaim.deadline);
    }
    let msg = messages(&config)?.start_reclaim(order, reason)?;
    let key = format!("start_reclaim/{order}/operator");
    let outbox_key = enqueue(&store, &key, false, msg).await?;
    let answer = Answer { order, outbox_key };
    output::answer(&answer, json, |answer| format!("queued: reclaim lease {}", answer.order))?;
    Ok(ExitCode::SUCCESS)
}
