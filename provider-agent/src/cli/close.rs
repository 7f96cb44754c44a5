//! `close`: the operator ends a lease. The message goes to the outbox; the running agent sends
//! it.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use souk_api::orderbook::LeaseState;
use souk_core::{CloseReason, OrderId};
use souk_provider::{
    app,
    chain::outbox::{self, Messages, Tries, tries},
    config::Config,
    store::{Store, StoreError},
};

use super::output;

/// What `close` is told.
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
            "`{reason}` is no reason that a provider gives; choose unstable, decommission or unspecified"
        );
    }
    let config = Config::load(path)?;
    let store = Store::open(&config.store.path)?;
    let lease = store
        .lease(order)
        .await?
        .with_context(|| format!("lease {order} is not known; see `souk-provider leases`"))?;
    if lease.state != LeaseState::Active {
        bail!("lease {order} has ended already ({})", lease.state);
    }
    let messages = Messages {
        operator: app::load_key(&config)?.address(&config.chain.prefix)?,
        provider: config.provider.address.clone(),
        contracts: config.chain.contracts().clone(),
    };
    let msg = messages.close_lease(order, reason)?;
    let key = format!("close_lease/{order}/operator");
    let sent = store
        .write(move |tx| {
            let key = match tries(tx, &key)? {
                Tries::None(key) | Tries::Failed { next: key, .. } => key,
                Tries::UnderWay | Tries::Done { .. } => return Ok::<_, StoreError>(None),
            };
            outbox::send(tx, &key, msg)?;
            Ok(Some(key))
        })
        .await?;
    let Some(outbox_key) = sent else {
        bail!("the close of lease {order} is on its way already");
    };
    let answer = Answer { order, outbox_key };
    output::answer(&answer, json, |answer| {
        format!("the close of lease {} is handed to the agent", answer.order)
    })?;
    Ok(ExitCode::SUCCESS)
}
