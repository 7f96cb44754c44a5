//! Talking to providers' gateways: who they are is read from the chain.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use souk_api::{orderbook::OrderResponse, registry::ProviderResponse};
use souk_core::{OrderId, matching};
use souk_gateway::{
    Client, ClientError, Pin,
    body::{ManifestUpload, Verdict},
};
use tokio::{task::JoinSet, time};

use crate::{error::Error, market::Market, wallet::Wallet};

/// Providers asked for their reasons, at most.
const MOST_ASKED: usize = 50;
/// How long one has to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a gateway may take to see a lease that the chain has already.
const SEE_LEASE: Duration = Duration::from_secs(60);

/// A client for a provider's gateway, pinned as the registry says.
pub fn client(provider: &ProviderResponse) -> Result<Client> {
    let pins: Result<Vec<Pin>> = provider
        .gateway
        .pins
        .iter()
        .map(|pin| pin.as_slice().try_into().map(Pin).map_err(|_| anyhow!("a pin is not 32 bytes")))
        .collect();
    Ok(Client::new(&provider.gateway.uri, &pins?)?)
}

/// A client for a provider's gateway with the wallet's token.
pub async fn client_for(market: &Market, wallet: &Wallet, provider: &str) -> Result<Client> {
    let record = market.provider(provider).await?;
    let token = wallet.token(market, provider, now())?;
    Ok(client(&record)?.with_token(token))
}

/// Seconds since the epoch by this machine's clock, for tokens.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|time| time.as_secs()).unwrap_or(0)
}

/// Sends the manifest of a lease, again and again while the gateway has not seen the lease.
pub async fn send_manifest(client: &Client, order: OrderId, upload: &ManifestUpload) -> Result<()> {
    let deadline = time::Instant::now() + SEE_LEASE;
    loop {
        match client.send_manifest(order, upload).await {
            Err(error) if error.is_too_early() && time::Instant::now() < deadline => {
                time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(()),
        }
    }
}

/// Why a provider did not bid.
#[derive(Clone, Debug, serde::Serialize)]
pub struct NoBid {
    /// The provider.
    pub provider: String,
    /// Who says so: `chain`, `gateway`, or `none` if nobody answered.
    pub source: &'static str,
    /// Why.
    pub reason: String,
}

/// Why the providers that did not bid did not: those who do not match are told by the rules,
/// the others are asked at their gateways, all at once, each with three seconds.
pub async fn reasons(
    market: &Market,
    wallet: Option<Arc<Wallet>>,
    order: &OrderResponse,
    bidders: &[String],
) -> Result<Vec<NoBid>> {
    let mut all = Vec::new();
    let mut asked = JoinSet::new();
    for provider in market.providers().await? {
        let name = provider.provider.clone();
        if bidders.contains(&name) {
            continue;
        }
        if let Some(reason) = mismatch(order, &provider) {
            all.push(NoBid { provider: name, source: "chain", reason });
        } else if asked.len() < MOST_ASKED {
            let (market, wallet, order) = (market.clone(), wallet.clone(), order.id);
            asked.spawn(async move {
                let question = reason(&market, wallet.as_deref(), order, provider);
                match time::timeout(PATIENCE, question).await {
                    Ok(Ok(reason)) => reason,
                    Ok(Err(error)) => no_answer(name, error.to_string()),
                    Err(_) => no_answer(name, "its gateway did not answer within 3 s".to_owned()),
                }
            });
        }
    }
    all.extend(asked.join_all().await);
    all.sort_by(|one, other| one.provider.cmp(&other.provider));
    Ok(all)
}

/// What the provider's own claims lack, as far as they decide.
fn mismatch(order: &OrderResponse, provider: &ProviderResponse) -> Option<String> {
    let (spec, claims) = (&order.spec, &provider.attributes);
    let lacks = if spec.requirements.signed_by.is_empty() {
        matching::check_known(spec, claims, |_| Vec::new())
    } else {
        matching::check_capabilities(spec, claims)
    };
    lacks.err().map(|mismatch| mismatch.to_string())
}

fn no_answer(provider: String, reason: String) -> NoBid {
    NoBid { provider, source: "none", reason }
}

async fn reason(
    market: &Market,
    wallet: Option<&Wallet>,
    order: OrderId,
    provider: ProviderResponse,
) -> Result<NoBid> {
    let name = provider.provider.clone();
    let by_rule = market.eligible(order, &name).await?;
    if let (false, Some(reason)) = (by_rule.eligible, by_rule.reason) {
        return Ok(NoBid { provider: name, source: "chain", reason });
    }
    let Some(wallet) = wallet else {
        return Ok(no_answer(
            name,
            "could bid; its gateway tells why only to the tenant".to_owned(),
        ));
    };
    let client = client(&provider)?.with_token(wallet.token(market, &name, now())?);
    let reason = client.reason(order).await.map_err(refused)?;
    let text = match reason.verdict {
        Verdict::Pass => reason.reason,
        Verdict::Bid => format!("is about to bid: {}", reason.reason),
        Verdict::Undecided => "has not decided yet".to_owned(),
    };
    Ok(NoBid { provider: name, source: "gateway", reason: text })
}

fn refused(error: ClientError) -> Error {
    Error::NotFound(error.to_string())
}
