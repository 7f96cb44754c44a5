//! The prices for groups that are on no chain, as a tenant sees them, and the quote for an open order.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use souk_api::orderbook::{ConfigResponse, OrderResponse, Quote, Reclamation};
use souk_chain::TxOutcome;
use souk_core::{Denom, Price};

use super::{History, Offer, Pick, Plan, Via, accept_quote};
use crate::{
    error::{Error, MarketError},
    gateway::{NoBid, region},
    market::Market,
    quoting::{self, Asked, GroupPrices, Priced, Wanted},
    wallet::Wallet,
};

/// As many of a group's prices are shown where one is to be chosen; the others are dearer.
pub const SHOWN: usize = 20;

/// As many providers are looked up at a time.
const LOOKING_UP: usize = 16;

/// A group's prices with what a tenant wants to know of the providers.
#[derive(Clone, Debug, Serialize)]
pub struct Quotes {
    /// The group's name.
    pub group: String,
    /// The highest price that it takes.
    pub ceiling: Price,
    /// The lowest first.
    #[serde(rename = "quotes")]
    pub offers: Vec<Offer>,
    /// Those who give none, and why.
    pub others: Vec<NoBid>,
    /// Prices that are higher than those above.
    #[serde(skip_serializing_if = "is_none")]
    pub dearer: usize,
    /// Providers that may match and were not asked.
    #[serde(skip_serializing_if = "is_none")]
    pub left_out: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// What was asked and what came of it.
#[derive(Debug)]
pub struct Asking {
    /// What was asked for.
    pub wanted: Wanted,
    /// The prices as they can be signed, for each group.
    pub prices: Vec<Vec<Priced>>,
    /// The same as a tenant sees them.
    pub quotes: Vec<Quotes>,
}

/// What a plan asks for, in the market that has this configuration.
///
/// # Errors
/// If the market does not take its denom.
pub fn wanted(plan: &Plan, tenant: &str, config: &ConfigResponse) -> Result<Wanted, Error> {
    let denom = Denom::native(plan.deposit.denom.clone());
    let terms = config.denoms.iter().find(|terms| terms.denom == denom);
    let terms = terms
        .ok_or_else(|| Error::input(format!("denom {denom}"), "this market does not take it"))?;
    Ok(Wanted {
        tenant: tenant.to_owned(),
        denom,
        groups: plan.groups.clone(),
        absence: plan.absence.unwrap_or_default(),
        reclamation: plan.reclamation.map(|min_window| Reclamation { min_window }),
        take_bps: terms.take_bps,
        min_price: Some(terms.min_price),
        allow: Vec::new(),
        refuse: Vec::new(),
    })
}

/// Asks providers for their prices; `only` that one, if it is given. Of each group the lowest `shown` are looked up.
///
/// # Errors
/// If a contract does not answer.
pub async fn quotes(
    market: &Market,
    wanted: Wanted,
    only: Option<&str>,
    shown: usize,
) -> Result<Asking, Error> {
    let Asked { groups, left_out } = quoting::ask_prices(market, &wanted, only).await?;
    let (mut prices, mut quotes) = (Vec::new(), Vec::new());
    for (spec, group) in wanted.groups.iter().zip(groups) {
        let GroupPrices { prices: given, mut others } = group;
        let (mut kept, mut offers) = (Vec::new(), Vec::new());
        let looks = given.iter().map(|priced| look_up(market, &wanted, priced));
        let mut looks = stream::iter(looks).buffered(LOOKING_UP);
        let mut left = given.iter();
        while offers.len() < shown
            && let Some(found) = looks.try_next().await?
            && let Some(priced) = left.next()
        {
            match found {
                Ok(offer) => {
                    offers.push(offer);
                    kept.push(priced.clone());
                }
                Err(reason) => {
                    let provider = priced.provider.provider.clone();
                    others.push(NoBid { provider, source: "chain", reason });
                }
            }
        }
        let dearer = left.len();
        let (group, ceiling) = (spec.name.clone(), spec.ceiling);
        quotes.push(Quotes { group, ceiling, offers, others, dearer, left_out });
        prices.push(kept);
    }
    Ok(Asking { wanted, prices, quotes })
}

/// What is known of a provider; if it can take no lease now, why.
async fn look_up(
    market: &Market,
    wanted: &Wanted,
    priced: &Priced,
) -> Result<Result<Offer, String>, MarketError> {
    let Priced { provider, offered } = priced;
    let name = &provider.provider;
    let (attestations, stats) = tokio::try_join!(
        market.attestations.of_provider(name),
        market.orderbook.provider_stats(name),
    )?;
    if let Err(reason) = quoting::has_slot(&stats) {
        return Ok(Err(reason));
    }
    Ok(Ok(Offer {
        via: Via::Quote {},
        provider: name.clone(),
        price: offered.price,
        denom: wanted.denom.clone(),
        region: region(provider),
        offer: offered.offer.iter().map(ToString::to_string).collect(),
        reclamation_window: offered.reclamation_window,
        audited_by: attestations.iter().filter(|one| !one.values.is_empty()).count(),
        leases: History::of(&stats),
    }))
}

impl Asking {
    /// Whom to ask to sign for a group: the one that was chosen, or of the lowest the best few without those that
    /// were refused.
    pub(super) fn wishes(
        &self,
        group: usize,
        chosen: Option<&Offer>,
        refused: &[String],
    ) -> Vec<Priced> {
        let prices = self.prices.get(group).map(Vec::as_slice).unwrap_or_default();
        match chosen {
            Some(chosen) => {
                let is_it = |priced: &&Priced| priced.provider.provider == chosen.provider;
                prices.iter().find(is_it).cloned().into_iter().collect()
            }
            None => quoting::best(prices, refused),
        }
    }
}

/// Makes the best quote for an open order its lease: that of `chosen`, or the lowest that is signed, at no more than
/// `max_price`. Gives the quote and what the transaction did.
///
/// # Errors
/// [`Error::NotFound`] if nobody signs one; if the chain refuses it.
pub async fn accept_by_quote(
    market: &Market,
    wallet: &Wallet,
    order: &OrderResponse,
    asking: &Asking,
    (chosen, max_price): (Option<&Offer>, Option<Price>),
) -> Result<(Quote, TxOutcome), Error> {
    let mut wishes = asking.wishes(0, chosen, &[]);
    wishes.retain(|priced| max_price.is_none_or(|most| priced.offered.price <= most));
    let mut signed = quoting::sign(market, wallet, &asking.wanted, &[wishes]).await?;
    let group = signed.groups.pop().unwrap_or_default();
    let quote = group.quotes.into_iter().next();
    let quote = quote.ok_or_else(|| {
        let why: Vec<String> =
            group.others.iter().map(|one| format!("{}: {}", one.provider, one.reason)).collect();
        let why = if why.is_empty() { "no price is low enough".to_owned() } else { why.join("; ") };
        Error::NotFound(format!("nobody signed a quote for order {} ({why})", order.id))
    })?;
    quoting::wait_for(market, quote.issued_at).await?;
    let outcome = accept_quote(market, wallet, order.id, quote.clone()).await?;
    Ok((quote, outcome))
}

/// None of a group's prices is the one that was named.
pub(super) fn no_such_quote(quotes: &Quotes, pick: &Pick) -> String {
    let Quotes { group, offers, .. } = quotes;
    match pick {
        Pick::Provider(provider) => format!("{provider} gives no price for group {group}"),
        _ => format!("group {group} has no such row among its {}", offers.len()),
    }
}
