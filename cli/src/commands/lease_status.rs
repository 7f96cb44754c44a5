//! `souk lease status`: what runs, by the provider's gateway, and whether its provider is there.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use souk_api::orderbook::LeaseResponse;
use souk_client::{
    Error, GatewayError, Market, Wallet, deploy,
    gateway::{NoWord, client_for, word},
    keep,
    show::{self, duration},
};
use souk_core::OrderId;
use souk_gateway::{body::LeaseStatus, presence::Presence};

use crate::{context::Context, exit::Exit};

/// What is shown.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    status: LeaseStatus,
    /// The provider's word that it is there, if it gives one that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    presence: Option<Presence>,
}

/// Shows a lease, and passes its provider's word on if that is wanted.
pub async fn run(
    context: &Context,
    market: &Market,
    order: OrderId,
    wait: Option<u64>,
    pass_on: bool,
) -> Result<Exit> {
    let lease = market.orderbook.lease(order).await?;
    let wallet = context.wallet()?;
    let client = client_for(market, &wallet, &lease.provider).await?;
    let status = match wait {
        None => client.lease_status(order).await.map_err(Error::from),
        Some(seconds) => {
            deploy::wait_until_ready(&client, order, Duration::from_secs(seconds), |_| ()).await
        }
    };
    // One that cannot be reached is not waited for twice.
    let answers = !matches!(status, Err(Error::Gateway(GatewayError::Unreachable { .. })));
    let presence = there(context, market, &wallet, &lease, (answers, pass_on)).await?;
    context.out.result(&Shown { status: status?, presence }, |shown| show::status(&shown.status));
    Ok(Exit::Ok)
}

/// When the provider was last seen, or until when it is paid, by the chain: its gateway may be gone with it. What
/// cannot be looked up is not said. Then what it says itself, of a lease that runs.
async fn there(
    context: &Context,
    market: &Market,
    wallet: &Wallet,
    lease: &LeaseResponse,
    (answers, pass_on): (bool, bool),
) -> Result<Option<Presence>> {
    let order = lease.order;
    let say = |text: String| context.out.progress(format!("Lease {order}: {text}"));
    let now = match market.now().await {
        Ok((_, now)) => now,
        Err(error) if pass_on => return Err(Error::from(error).into()),
        Err(_) => return Ok(None),
    };
    if let Some(seen) = lease.paid_until.map(show::paid_until).or_else(|| show::unseen(lease, now))
    {
        say(seen);
    }
    let since = lease.unseen.map_or(0, |unseen| unseen.since);
    let asks = pass_on || (answers && lease.absence.is_some());
    if !lease.state.runs() || !asks {
        return refuse_unless(!pass_on, "it does not run".to_owned(), order);
    }
    let provider = market.registry.provider(&lease.provider).await?;
    let said = match word(market, &provider, now).await {
        Ok(said) => said,
        Err(NoWord::Silent(_)) if !pass_on => return Ok(None),
        Err(error) if pass_on => return refuse_unless(false, error.to_string(), order),
        Err(error) => {
            say(error.to_string());
            return Ok(None);
        }
    };
    let ago = duration(now.saturating_sub(said.issued_at));
    let newer = said.issued_at > since;
    say(match newer && !pass_on {
        true => format!(
            "its gateway says that it was there {ago} ago; `souk lease status {order} --pass-on` tells the chain"
        ),
        false => format!("its gateway says that it was there {ago} ago"),
    });
    if pass_on {
        keep::pass_on(market, wallet, &said).await?;
        say(format!("the chain knows now that {} was there {ago} ago", lease.provider));
    }
    Ok(Some(said))
}

/// Nothing, or why there is no word to pass on.
fn refuse_unless(fine: bool, why: String, order: OrderId) -> Result<Option<Presence>> {
    if fine {
        return Ok(None);
    }
    Err(Error::NotFound(format!("lease {order} has no word to pass on: {why}")).into())
}
