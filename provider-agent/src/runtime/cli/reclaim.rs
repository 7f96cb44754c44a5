//! `reclaim`: the operator announces that a lease is taken back. The chain is asked first whether it can be: a
//! notice that is refused later costs days. The message is put into the outbox; the running agent sends it,
//! serves the lease until the notice is over, and ends it then.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use souk_api::orderbook::LeaseResponse;
use souk_chain::Client;
use souk_core::{CloseReason, OrderId};

use super::{
    enqueue::{enqueue, messages, own_running_lease},
    output,
};
use crate::{config::Config, market::Market, runtime::app};

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
    /// The length of the notice, in seconds.
    window: u64,
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
    own_running_lease(&store, order).await?;
    let client = Client::new(config.chain.client())?;
    let now = client.status().await?.time.map_or(0, |time| time.seconds);
    let market =
        Market::new(client.query(), config.chain.contracts().clone(), &config.provider.address);
    let found = market.own_lease(order).await?.with_context(|| {
        format!("the chain has no lease {order} of {}", config.provider.address)
    })?;
    let window = reclaimable(&found, now)?;
    let msg = messages(&config)?.start_reclaim(order, reason)?;
    let key = format!("start_reclaim/{order}/operator");
    let outbox_key = enqueue(&store, &key, true, msg).await?;
    let answer = Answer { order, outbox_key, window };
    output::answer(&answer, json, |answer| {
        format!(
            "queued: take lease {} back with {} s of notice, which begin once the message is in a block; \
             `souk-provider leases` then shows until when",
            answer.order, answer.window
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The length of a lease's notice in seconds, if it can be given in the block after `now`.
fn reclaimable(lease: &LeaseResponse, now: u64) -> Result<u64> {
    let order = lease.order;
    if !lease.state.runs() {
        bail!("lease {order} has ended already ({})", lease.state);
    }
    let Some(window) = lease.reclamation_window else {
        bail!(
            "lease {order} cannot be taken back: its terms have no notice, since its tenant asked for none; \
             `souk-provider close` ends it as a breach"
        );
    };
    if let Some(known) = &lease.reclaim {
        match known.lapsed {
            true => bail!(
                "the notice of lease {order} was not used in time and is void, and there is no second one; \
                 `souk-provider close` ends the lease as a breach, or its tenant closes it"
            ),
            false => {
                bail!("lease {order} is being reclaimed already, until {} at least", known.deadline)
            }
        }
    }
    let from = lease.created_at.saturating_add(window);
    if now < from {
        bail!(
            "lease {order} can be taken back from {} ({from}) on, in {} s: it must run for the length of its \
             notice, {window} s, before",
            humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(from)),
            from.saturating_sub(now)
        );
    }
    Ok(window)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lease_has_one_notice_and_a_void_one_was_it() {
        let lease = |reclaim: serde_json::Value, state: &str| -> LeaseResponse {
            serde_json::from_value(json!({
                "order": 9, "group": { "deployment": 3, "group": 1 }, "tenant": "souk1ann",
                "provider": "souk1pro", "price": "5", "denom": { "native": "usouk" }, "account": 3,
                "state": state, "created_at": 1_000, "manifest_timeout": 300, "closed_at": null,
                "reason": null, "reclamation_window": 3_600, "reclaim": reclaim,
            }))
            .unwrap()
        };
        let notice = |lapsed| {
            json!({
                "reason": "decommission", "started_at": 5_000, "deadline": 8_600,
                "deadline_block": 7, "ended": false, "lapsed": lapsed,
            })
        };
        assert_eq!(reclaimable(&lease(json!(null), "active"), 4_600).unwrap(), 3_600);
        for (lapsed, state, why) in [
            (false, "reclaiming", "being reclaimed already, until 8600"),
            (true, "active", "there is no second one"),
        ] {
            let refused = reclaimable(&lease(notice(lapsed), state), 99_000).unwrap_err();
            assert!(refused.to_string().contains(why), "{refused}");
        }
    }
}
