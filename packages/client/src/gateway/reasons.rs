//! Why providers did not bid: by the rules of the chain, or by their gateways' own word.

use std::{sync::Arc, time::Duration};

use souk_api::{orderbook::OrderResponse, registry::ProviderResponse};
use souk_core::{OrderId, matching};
use souk_gateway::body::Verdict;
use tokio::{task::JoinSet, time};

use super::{client, connect::now};
use crate::{error::Error, market::Market, wallet::Wallet};

/// Providers asked for their reasons, at most.
const MOST_ASKED: usize = 50;
/// How long one has to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

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

/// Why the providers without a bid did not bid. Where the rules say why, they do; the other
/// providers are asked at their gateways, all at once, each with three seconds.
///
/// # Errors
/// If the chain does not say who the providers are. A gateway that does not answer is a reason.
pub async fn reasons(
    market: &Market,
    wallet: Option<Arc<Wallet>>,
    order: &OrderResponse,
    bidders: &[String],
) -> Result<Vec<NoBid>, Error> {
    let mut all = Vec::new();
    let mut asked = JoinSet::new();
    for provider in market.registry.providers().await? {
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
                match time::timeout(TIMEOUT, question).await {
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
) -> Result<NoBid, Error> {
    let name = provider.provider.clone();
    let by_rule = market.orderbook.eligible(order, &name).await?;
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
    let reason = client.reason(order).await?;
    let text = match reason.verdict {
        Verdict::Pass => reason.reason,
        Verdict::Bid => format!("is about to bid: {}", reason.reason),
        Verdict::Undecided => "has not decided yet".to_owned(),
    };
    Ok(NoBid { provider: name, source: "gateway", reason: text })
}
