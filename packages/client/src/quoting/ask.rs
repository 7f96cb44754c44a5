//! Prices of all who match, unsigned: nothing is reserved and nothing spent.

use std::{sync::Arc, time::Duration};

use souk_api::registry::ProviderResponse;

use super::{
    Wanted,
    candidates::{Candidate, Candidates, candidates},
    gather::gather,
    judge,
    offer::Priced,
    words::short,
};
use crate::{
    error::{Error, GatewayError},
    gateway::{self, NoBid},
    market::Market,
};

/// For so long prices are collected, of all gateways together.
pub const COLLECTING: Duration = Duration::from_secs(2);

/// The prices for a group.
#[derive(Clone, Debug, Default)]
pub struct GroupPrices {
    /// The lowest first; among equals by chance.
    pub prices: Vec<Priced>,
    /// Why others gave none.
    pub others: Vec<NoBid>,
}

/// What became of the question.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// For each group that is wanted, in their order.
    pub groups: Vec<GroupPrices>,
    /// Providers that may match and were not asked, since there are more than are asked.
    pub left_out: usize,
}

/// Asks all providers that match for their prices, [`super::MOST_ASKED`] at most; if `only` is given, that one alone.
///
/// # Errors
/// If a contract does not answer. A gateway that says nothing, or what does not count, is a reason among `others`.
pub async fn ask_prices(
    market: &Market,
    wanted: &Wanted,
    only: Option<&str>,
) -> Result<Asked, Error> {
    let now = market.now().await?.1;
    let Candidates { asked, others, left_out } = candidates(market, wanted, only, now).await?;
    let answers = gather(asked.iter().map(|one| ask(wanted, one)).collect(), COLLECTING).await;
    let mut groups: Vec<GroupPrices> =
        others.into_iter().map(|others| GroupPrices { prices: Vec::new(), others }).collect();
    for (Candidate { provider, groups: about }, answer) in asked.into_iter().zip(answers) {
        let answer = heard(answer, COLLECTING);
        let answers = answer.and_then(|answer| judge::each(answer, about.len()));
        let provider = Arc::new(provider);
        let mut answers = answers.map(Vec::into_iter);
        for group in about {
            let spec = &wanted.groups[group];
            let judged = match &mut answers {
                Ok(answers) => answers
                    .next()
                    .ok_or_else(String::new)
                    .and_then(|answer| judge::unsigned(answer, spec, wanted, &provider, now)),
                Err(reason) => Err(reason.clone()),
            };
            let of_group = &mut groups[group];
            match judged {
                Ok(offered) => of_group.prices.push(Priced { provider: provider.clone(), offered }),
                Err(reason) => of_group.others.push(said(&provider, reason)),
            }
        }
    }
    for group in &mut groups {
        group.prices.sort_by_key(|priced| priced.offered.price);
        group.others.sort_by(|one, other| one.provider.cmp(&other.provider));
    }
    Ok(Asked { groups, left_out })
}

async fn ask(
    wanted: &Wanted,
    one: &Candidate,
) -> Result<souk_gateway::QuotesResponse, GatewayError> {
    gateway::client(&one.provider)?.quotes(&wanted.request(&one.groups, false)).await
}

/// What a gateway said, or why it does not count.
pub(super) fn heard<T>(
    answer: Option<Result<T, GatewayError>>,
    within: Duration,
) -> Result<T, String> {
    match answer {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(short(&error.to_string())),
        None => Err(format!("its gateway did not answer within {} s", within.as_secs())),
    }
}

pub(super) fn said(provider: &ProviderResponse, reason: String) -> NoBid {
    NoBid { provider: provider.provider.clone(), source: "gateway", reason }
}
