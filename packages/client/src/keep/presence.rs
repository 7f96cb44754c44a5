//! What providers that the chain has not seen for long say at their gateways.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use souk_api::orderbook::{ExecuteMsg, LeaseResponse, Statement};
use souk_core::{OrderId, absence};
use souk_gateway::{
    body::{LeaseStatus, Phase},
    presence::Presence,
};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    error::Error,
    gateway::{client_for, word},
    market::Market,
    wallet::Wallet,
};

/// How long a gateway has to say how a lease is.
const STATUS: Duration = Duration::from_secs(10);
/// For how long a node that is behind the word is waited for, and how often it is asked.
const CATCH_UP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_secs(1);

/// That a provider says, in words that count, that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The lease.
    pub order: OrderId,
    /// Its provider's word.
    pub word: Presence,
    /// How the lease is.
    pub said: Said,
}

/// What a gateway says of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It runs, or the tenant owes what it lacks: coins, a manifest.
    Served,
    /// Nothing of it runs.
    NothingRuns,
    /// The gateway does not say: it tells that to the tenant and its delegate alone.
    Unknown,
}

/// Whether a lease's provider serves it, as far as that is its to do.
pub fn serves(status: &LeaseStatus) -> bool {
    match status.phase {
        Phase::Ready | Phase::Suspended | Phase::WaitingForManifest => true,
        Phase::Deploying => status.services.iter().any(|service| service.ready > 0),
        Phase::Closing | Phase::Closed => false,
    }
}

/// Whether its provider was not seen for so long that its pay would be cut by an absence.
pub(super) fn is_unseen_for_long(lease: &LeaseResponse, now: u64) -> bool {
    let terms = lease.absence.zip(lease.unseen).filter(|_| lease.state.runs());
    terms.is_some_and(|(terms, unseen)| {
        unseen.absent || now.saturating_sub(unseen.since) > absence::paid_for(terms.limit)
    })
}

/// Asks the gateways of the providers that were not seen for a quarter of their lease's limit, each once. Of those
/// that do not answer, and of those whose word does not count, there is nothing in the list. `now` is the newest
/// block's time.
pub async fn listen(
    market: &Market,
    wallet: &Wallet,
    leases: &[LeaseResponse],
    now: u64,
) -> Vec<Heard> {
    let mut of: BTreeMap<&str, Vec<OrderId>> = BTreeMap::new();
    for lease in leases.iter().filter(|lease| is_unseen_for_long(lease, now)) {
        of.entry(&lease.provider).or_default().push(lease.order);
    }
    let asked = of.iter().map(|(provider, orders)| ask(market, wallet, provider, orders, now));
    join_all(asked).await.concat()
}

async fn ask(
    market: &Market,
    wallet: &Wallet,
    provider: &str,
    orders: &[OrderId],
    now: u64,
) -> Vec<Heard> {
    let Ok(record) = market.registry.provider(provider).await else { return Vec::new() };
    let Ok(word) = word(market, &record, now).await else { return Vec::new() };
    let Ok(client) = client_for(market, wallet, provider).await else { return Vec::new() };
    let said = orders.iter().map(async |order| {
        let status = timeout(STATUS, client.lease_status(*order)).await;
        let said = match status.map(|status| status.map(|status| serves(&status))) {
            Ok(Ok(true)) => Said::Served,
            Ok(Ok(false)) => Said::NothingRuns,
            _ => Said::Unknown,
        };
        Heard { order: *order, word: word.clone(), said }
    });
    join_all(said).await
}

/// Passes a provider's word on to the orderbook, which then has seen it at the word's second.
///
/// # Errors
/// If the chain refuses it, for instance since the provider was seen by now.
pub async fn pass_on(market: &Market, wallet: &Wallet, word: &Presence) -> Result<(), Error> {
    let action = format!("passing on the word of {}", word.provider);
    let signature = hex::decode(&word.signature)
        .map_err(|_| Error::input(action.clone(), "its signature is not hex".to_owned()))?;
    // A node that is behind would take it for one from the future.
    let deadline = Instant::now() + CATCH_UP;
    while market.now().await?.1 < word.issued_at && Instant::now() < deadline {
        sleep(POLL).await;
    }
    let statement = Statement { issued_at: word.issued_at, signature: signature.into() };
    let message =
        ExecuteMsg::Heartbeat { provider: word.provider.clone(), statement: Some(statement) };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    wallet.send(&action, vec![message]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lease_is_served_if_part_of_it_runs_or_its_tenant_owes_what_it_lacks() {
        for (phase, ready, served) in [
            ("ready", 1, true),
            ("deploying", 1, true),
            ("deploying", 0, false),
            ("suspended", 0, true),
            ("waiting_for_manifest", 0, true),
            ("closing", 0, false),
            ("closed", 0, false),
        ] {
            let status = serde_json::from_value(json!({
                "order": 9, "phase": phase,
                "services": [{
                    "name": "web", "wanted": 2, "ready": ready, "uris": [], "ports": [], "objects": [],
                    "pods": [],
                }],
            }));
            assert_eq!(serves(&status.unwrap()), served, "{phase}, {ready} ready");
        }
    }
}
