//! Who is asked: the providers that match by the chain's own rules.

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use rand::seq::SliceRandom as _;
use souk_api::{orderbook::ProviderStatsResponse, registry::ProviderResponse};
use souk_core::{Attribute, GroupSpec, PriceFloor, matching};

use super::Wanted;
use crate::{
    error::{Error, MarketError},
    gateway::NoBid,
    market::Market,
};

/// As many providers are asked at most: those that match, and of more of these some by chance.
pub const MOST_ASKED: usize = 200;

/// As many questions about auditors are under way at a time.
const LOOKING_UP: usize = 16;

/// A provider that matches.
#[derive(Debug)]
pub(super) struct Candidate {
    pub provider: ProviderResponse,
    /// The groups that it matches, by their place among those wanted.
    pub groups: Vec<usize>,
}

/// Who is asked, and why others are not.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub asked: Vec<Candidate>,
    /// For each group why others are not asked about it.
    pub others: Vec<Vec<NoBid>>,
    /// Providers that may match, beyond those that are asked.
    pub left_out: usize,
}

/// Who is asked about what is wanted; if `only` is given, that provider alone. `now` is the newest block's time.
///
/// # Errors
/// If a contract does not answer.
pub(super) async fn candidates(
    market: &Market,
    wanted: &Wanted,
    only: Option<&str>,
    now: u64,
) -> Result<Candidates, Error> {
    let mut providers = market.registry.providers().await?;
    providers.retain(|provider| only.is_none_or(|only| provider.provider == only));
    // So that nobody is first because of its address, whether to be asked or among equals.
    providers.shuffle(&mut rand::thread_rng());
    let all = providers.len();
    let held = providers.into_iter().map(|provider| async move {
        let verdicts = held_against(market, wanted, &provider, now).await;
        verdicts.map(|verdicts| (provider, verdicts))
    });
    let held = stream::iter(held).buffered(LOOKING_UP);
    Ok(enough(held, all, wanted.groups.len()).await?)
}

/// A provider, and for each group whether it may have it, or why not.
type Held = (ProviderResponse, Vec<Result<(), String>>);

/// The first of `all` providers that may have some of the groups, as many as are asked. No more of them are looked at.
async fn enough<E>(
    mut held: impl Stream<Item = Result<Held, E>> + Unpin,
    all: usize,
    groups: usize,
) -> Result<Candidates, E> {
    let mut found = Candidates { others: vec![Vec::new(); groups], ..Default::default() };
    let mut seen = 0;
    while found.asked.len() < MOST_ASKED
        && let Some((provider, verdicts)) = held.try_next().await?
    {
        seen += 1;
        let mut matched = Vec::new();
        for (group, verdict) in verdicts.into_iter().enumerate() {
            let Err(reason) = verdict else {
                matched.push(group);
                continue;
            };
            let provider = provider.provider.clone();
            found.others[group].push(NoBid { provider, source: "chain", reason });
        }
        if !matched.is_empty() {
            found.asked.push(Candidate { provider, groups: matched });
        }
    }
    found.left_out = all - seen;
    Ok(found)
}

/// For each group whether the rules let the provider have it, and if not, why.
async fn held_against(
    market: &Market,
    wanted: &Wanted,
    provider: &ProviderResponse,
    now: u64,
) -> Result<Vec<Result<(), String>>, MarketError> {
    if let Err(reason) = by_record(wanted, provider, now) {
        return Ok(wanted.groups.iter().map(|_| Err(reason.clone())).collect());
    }
    // Without a match by its own claims no auditor needs to be asked.
    let claims = &provider.attributes;
    let capable = |spec: &&GroupSpec| matching::check_capabilities(spec, claims).is_ok();
    let mut auditors: Vec<String> = wanted
        .groups
        .iter()
        .filter(capable)
        .flat_map(|spec| spec.requirements.signed_by.auditors().map(str::to_owned))
        .collect();
    auditors.sort_unstable();
    auditors.dedup();
    let known = market.attestations.check(&provider.provider, &auditors).await?;
    let attested = |auditor: &str| {
        let values = known.iter().filter(|one| one.auditor == auditor).flat_map(|one| &one.values);
        let valid = values.filter(|value| value.expires_at > now);
        valid.map(|value| Attribute::new(value.key.clone(), value.value.clone())).collect()
    };
    let check = |spec: &GroupSpec| {
        matching::check_known(spec, claims, attested).map_err(|mismatch| mismatch.to_string())
    };
    Ok(wanted.groups.iter().map(check).collect())
}

/// What keeps a provider from all groups, by its record in the registry.
fn by_record(wanted: &Wanted, provider: &ProviderResponse, now: u64) -> Result<(), String> {
    let name = &provider.provider;
    if provider.maintenance {
        return Err("it is in maintenance".to_owned());
    }
    if !wanted.allow.is_empty() && !wanted.allow.contains(name) || wanted.refuse.contains(name) {
        return Err("the order is not open to it".to_owned());
    }
    if provider.quote_key.is_none() {
        return Err("it signs no quotes: it named no key; it can bid on an order".to_owned());
    }
    let floors = floors(provider, now);
    if !floors.is_empty() && !floors.iter().any(|floor| floor.denom == wanted.denom) {
        return Err(format!("it does not work for {}", wanted.denom));
    }
    Ok(())
}

/// What a provider works for at least.
pub(super) fn floors(provider: &ProviderResponse, now: u64) -> &[PriceFloor] {
    match &provider.next_floors {
        Some(next) if now >= next.from => &next.floors,
        _ => &provider.floors,
    }
}

/// Whether a provider can take a lease now, by what the orderbook knows of it.
///
/// # Errors
/// If not, why.
pub fn has_slot(stats: &ProviderStatsResponse) -> Result<(), String> {
    if stats.used < stats.slots {
        return Ok(());
    }
    Err(format!("its bond backs {} leases, and all are taken", stats.slots))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::{super::testing::priced, *};

    #[tokio::test]
    async fn of_many_that_match_some_are_asked_and_those_that_do_not_take_no_place() {
        let all = 500;
        let held = (0..all).map(|at| {
            let provider = (*priced(&format!("souk1{at}"), 5).provider).clone();
            // Every second one matches nothing, every fourth the second group alone.
            let verdicts: Vec<Result<(), String>> = match at % 4 {
                0 => vec![Err("no".to_owned()), Ok(())],
                2 => vec![Ok(()), Ok(())],
                _ => vec![Err("no".to_owned()), Err("no".to_owned())],
            };
            Ok::<_, Infallible>((provider, verdicts))
        });
        let found = enough(stream::iter(held), all, 2).await.unwrap_or_else(|never| match never {});
        assert_eq!(found.asked.len(), MOST_ASKED);
        assert_eq!((found.others[0].len(), found.others[1].len()), (299, 199));
        assert_eq!(found.left_out, all - 399);
        let groups = |at: usize| found.asked[at].groups.as_slice();
        assert_eq!((groups(0), groups(1)), (&[1][..], &[0, 1][..]));
    }
}
