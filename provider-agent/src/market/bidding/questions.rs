//! What a decision waits for is asked of the chain: all questions of a round at once, within bounds of number
//! and time, and each auditor once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::{StreamExt, stream};
use souk_api::attestations::MAX_CHECKED;
use souk_core::OrderId;
use tokio::time::{Instant, timeout_at};

use super::{chain_cache::ChainCache, deps::Deps};
use crate::model::{
    Order,
    bidding::{BestBid, Questions},
};

/// Questions at once.
const PARALLEL: usize = 8;
/// How long a round asks. What is not answered by then is asked again later; orders that wait for nothing are
/// bid on meanwhile.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks for what these orders' decisions wait for. Returns the orders of which something could not be
/// asked, with the reason.
pub(super) async fn ask(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    asked: &[(Order, Questions)],
) -> BTreeMap<OrderId, String> {
    let mut failed = BTreeMap::new();
    let until = Instant::now() + LIMIT;
    let needs_list = asked.iter().any(|(_, questions)| !questions.auditors.is_empty());
    if needs_list
        && !cache.attestations.is_listed()
        && let Err(why) = within(until, cache.list_attestations(deps, height)).await
    {
        // Nothing is decided without them; the lowest bids are asked for nevertheless.
        let named = asked.iter().filter(|(_, questions)| !questions.auditors.is_empty());
        failed.extend(named.map(|(order, _)| (order.id, format!("attestations: {why}"))));
    }
    if cache.attestations.is_listed() {
        ask_auditors(deps, cache, height, until, asked, &mut failed).await;
    }
    ask_lowest(deps, cache, until, asked, &mut failed).await;
    ask_eligible(deps, cache, height, until, asked, &mut failed).await;
    failed
}

/// How long a quote waits for what auditors attest.
const LIMIT_OF_QUOTES: Duration = Duration::from_secs(2);

/// Asks what these auditors attest.
///
/// # Errors
///
/// If the chain does not answer in time.
pub(super) async fn learn(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    auditors: Vec<String>,
) -> Result<(), String> {
    let until = Instant::now() + LIMIT_OF_QUOTES;
    if !cache.attestations.is_listed() {
        within(until, cache.list_attestations(deps, height)).await?;
    }
    let unknown = auditors.into_iter().filter(|one| !cache.attestations.is_known(one));
    let unknown: Vec<String> = unknown.collect();
    let market = deps.market.at(height);
    for some in unknown.chunks(MAX_CHECKED) {
        for (auditor, record) in within(until, market.attestations_of(some)).await? {
            cache.attestations.set(&auditor, record);
        }
    }
    Ok(())
}

async fn ask_auditors(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    until: Instant,
    asked: &[(Order, Questions)],
    failed: &mut BTreeMap<OrderId, String>,
) {
    let all = asked.iter().flat_map(|(_, questions)| &questions.auditors);
    let unknown: BTreeSet<String> =
        all.filter(|auditor| !cache.attestations.is_known(auditor)).cloned().collect();
    let unknown: Vec<String> = unknown.into_iter().collect();
    let market = deps.market.at(height);
    let ask = |auditors: Vec<String>| {
        let market = market.clone();
        async move { market.attestations_of(&auditors).await }
    };
    // As many at once as one question takes.
    let groups = unknown.chunks(MAX_CHECKED).map(<[String]>::to_vec);
    for (auditors, answer) in ask_each(groups, until, ask).await {
        match answer {
            Ok(records) => {
                for (auditor, record) in records {
                    cache.attestations.set(&auditor, record);
                }
            }
            Err(why) => {
                let of = |q: &Questions| q.auditors.iter().any(|one| auditors.contains(one));
                for (order, _) in asked.iter().filter(|(_, questions)| of(questions)) {
                    failed.insert(order.id, why.clone());
                }
            }
        }
    }
}

async fn ask_lowest(
    deps: &Deps,
    cache: &mut ChainCache,
    until: Instant,
    asked: &[(Order, Questions)],
    failed: &mut BTreeMap<OrderId, String>,
) {
    let orders = asked.iter().filter(|(_, questions)| questions.lowest_bid);
    let orders: Vec<OrderId> = orders.map(|(order, _)| order.id).collect();
    let ask = |order: OrderId| {
        let orderbook = deps.market.orderbook.clone();
        async move { orderbook.lowest_bid(order).await }
    };
    for (id, answer) in ask_each(orders, until, ask).await {
        let Some((order, _)) = asked.iter().find(|(order, _)| order.id == id) else { continue };
        match answer {
            Ok(lowest) => {
                let best = lowest.map(|bid| BestBid { provider: bid.provider, price: bid.price });
                cache.set_best(order, best);
            }
            Err(why) => drop(failed.insert(id, why)),
        }
    }
}

async fn ask_eligible(
    deps: &Deps,
    cache: &mut ChainCache,
    height: u64,
    until: Instant,
    asked: &[(Order, Questions)],
    failed: &mut BTreeMap<OrderId, String>,
) {
    let orders = asked.iter().filter(|(_, questions)| questions.eligible);
    let orders: Vec<OrderId> = orders.map(|(order, _)| order.id).collect();
    let ask = |order: OrderId| {
        let market = deps.market.clone();
        async move { market.eligible(order).await }
    };
    for (order, answer) in ask_each(orders, until, ask).await {
        match answer {
            Ok(answer) => cache.set_eligible(order, height, answer.reason),
            Err(why) => drop(failed.insert(order, why)),
        }
    }
}

/// Asks about each key, a few at once; what has no answer at `until` has none.
async fn ask_each<K, T, E, F>(
    keys: impl IntoIterator<Item = K>,
    until: Instant,
    ask: impl Fn(K) -> F,
) -> Vec<(K, Result<T, String>)>
where
    K: Clone,
    E: std::fmt::Display,
    F: Future<Output = Result<T, E>>,
{
    let question = |key: K| {
        let answer = within(until, ask(key.clone()));
        async move { (key, answer.await) }
    };
    stream::iter(keys).map(question).buffer_unordered(PARALLEL).collect().await
}

async fn within<T, E: std::fmt::Display>(
    until: Instant,
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout_at(until, question).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_many_questions_hang_a_round_ends_in_time_and_keeps_what_was_answered() {
        let began = Instant::now();
        let until = began + Duration::from_millis(200);
        let ask = |number: u32| async move {
            match number {
                // The first are answered; the others take all places.
                0..4 => Ok(number),
                4 => Err("refused"),
                _ => std::future::pending().await,
            }
        };
        let answers: BTreeMap<_, _> = ask_each(0..1_000, until, ask).await.into_iter().collect();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        assert_eq!(answers.len(), 1_000);
        assert_eq!(answers[&3], Ok(3));
        assert_eq!(answers[&4], Err("refused".to_owned()));
        assert_eq!(answers[&999], Err("no answer in time".to_owned()));
    }
}
